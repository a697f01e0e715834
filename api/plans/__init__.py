"""Plans that people work on: edits, what a plan rests on, and the files made of its tours."""
