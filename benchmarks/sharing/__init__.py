"""What neighbouring towns save by collecting a day together."""
