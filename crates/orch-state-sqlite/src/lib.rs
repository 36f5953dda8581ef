//! Task Copilot's databases (seed 001): `tasks.db` with its PRDs, its tasks and the streams that they form, and `memory.db`
//! with the initiative that they belong to.
