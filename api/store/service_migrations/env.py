"""Run by Alembic, on the connection that ``api.store.migrate`` hands over."""

from alembic import context

from api.store.service_schema import SERVICE_METADATA

# Alembic executes this module for its effect; it is never imported.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=SERVICE_METADATA, transactional_ddl=True
)
context.run_migrations()
