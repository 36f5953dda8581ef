//! orch's tools for agents, over the Model Context Protocol.
