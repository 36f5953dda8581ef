//! The server: rmcp on one side, a [`ToolHost`] on the other. The only module that knows the library.

use std::io;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as Listed, ToolAnnotations,
};
use rmcp::service::{RequestContext, RoleServer, ServerInitializeError};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio::task::JoinError;

use crate::arguments;
use crate::host::{Answer, Effect, Object, Tool, ToolHost};
use crate::output::watched;

/// Why serving ended before the client closed the connection.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The machine did not let the server start.
    #[error("the server can't start: {0}")]
    Start(io::Error),
    /// The client began with something else than the protocol's handshake.
    #[error("the client did not begin with `initialize`")]
    Handshake,
    /// Standard output could not be written.
    #[error("an answer can't be written: {0}")]
    Output(io::Error),
    /// The server failed within itself.
    #[error("the server failed: {0}")]
    Internal(String),
}

impl ServeError {
    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Handshake => {
                Some("this command is started by an MCP client; `claude mcp add` makes it known to one")
            }
            Self::Start(_) | Self::Output(_) | Self::Internal(_) => None,
        }
    }
}

/// Serves `host` on standard input and output until the client closes either.
///
/// Calls are done one after the other in the order in which they came in; pings and cancellations are answered
/// meanwhile. A call that was cancelled before its turn is not done. When input is closed, calls that came before it
/// are still done and answered for up to five seconds; what takes longer is left to end by itself, or with the process.
///
/// Standard output must not be written to by anything else until this returns.
///
/// # Errors
///
/// See [`ServeError`]. That the client went away is none.
pub fn serve(host: Box<dyn ToolHost>) -> Result<(), ServeError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ServeError::Start)?;
    let ended = runtime.block_on(serve_on(host, tokio::io::stdin(), tokio::io::stdout()));
    // A thread may be reading standard input still: it must not be waited for.
    runtime.shutdown_background();
    ended
}

async fn serve_on<R, W>(host: Box<dyn ToolHost>, input: R, output: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let (output, mut failures) = watched(output);
    let ended = tokio::select! {
        ended = converse(Served::new(host), input, output) => ended,
        Some(error) = failures.recv() => return unwritten(error),
    };
    // The library may have ended because of the same failure, and says less of it.
    failures.try_recv().map_or(ended, unwritten)
}

fn unwritten(error: io::Error) -> Result<(), ServeError> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(ServeError::Output(error)),
    }
}

async fn converse<R, W>(served: Served, input: R, output: W) -> Result<(), ServeError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let running = match served.serve((input, output)).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(ServerInitializeError::ExpectedInitializeRequest(_)) => return Err(ServeError::Handshake),
        Err(error) => return Err(ServeError::Internal(error.to_string())),
    };
    running.waiting().await.map(drop).map_err(|error| ServeError::Internal(error.to_string()))
}

/// A host as the library wants it.
struct Served {
    /// Locked in the order of asking, so that calls are done in the order in which they came in.
    host: Arc<Mutex<Box<dyn ToolHost>>>,
    tools: Vec<Tool>,
    config: ServerConfig,
}

impl Served {
    fn new(host: Box<dyn ToolHost>) -> Self {
        let about = Implementation::new(host.name(), env!("CARGO_PKG_VERSION"));
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let config =
            ServerConfig::new(capabilities).with_server_info(about).with_instructions(host.instructions());
        Self { tools: host.tools(), config, host: Arc::new(Mutex::new(host)) }
    }

    async fn answer(
        &self,
        tool: &Tool,
        mut arguments: Object,
        context: &RequestContext<RoleServer>,
    ) -> Answer {
        if let Err(problem) = arguments::check(tool, &mut arguments) {
            return self.host.lock().await.refuse(tool.name, problem);
        }
        let mut host = Arc::clone(&self.host).lock_owned().await;
        if context.ct.is_cancelled() {
            return Answer::Refused(format!("`{}` was cancelled before it began", tool.name));
        }
        let name = tool.name;
        let done = tokio::task::spawn_blocking(move || host.call(name, arguments)).await;
        done.unwrap_or_else(|error| Answer::Refused(failed(name, error)))
    }
}

impl ServerHandler for Served {
    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.iter().map(listed).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = self.tools.iter().find(|tool| tool.name == request.name) else {
            return Err(ErrorData::invalid_params(unknown_tool(&request.name, &self.tools), None));
        };
        let arguments = request.arguments.unwrap_or_default();
        let result = match self.answer(tool, arguments, &context).await {
            Answer::Done(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Answer::Refused(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        };
        Ok(result.into())
    }
}

fn listed(tool: &Tool) -> Listed {
    let hints = ToolAnnotations::new().open_world(false);
    let hints = match tool.effect {
        Effect::Reads => hints.read_only(true),
        Effect::Adds => hints.read_only(false).destructive(false),
        Effect::Changes => hints.read_only(false).destructive(true),
    };
    Listed::new(tool.name, tool.description, tool.input_schema.clone()).with_title(tool.title).annotate(hints)
}

fn unknown_tool(name: &str, tools: &[Tool]) -> String {
    let known: Vec<&str> = tools.iter().map(|tool| tool.name).collect();
    let name: String = name.chars().take(80).collect();
    format!("unknown tool: {name:?}; there are {}", known.join(", "))
}

fn failed(tool: &str, error: JoinError) -> String {
    let said = match error.try_into_panic() {
        Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(said), _) => (*said).to_owned(),
            (None, Some(said)) => said.clone(),
            (None, None) => "no reason is known".to_owned(),
        },
        Err(error) => error.to_string(),
    };
    format!(
        "`{tool}` failed within itself: {said}\nWhat it was to change may not have been changed: look before calling \
         it again."
    )
}

#[cfg(test)]
mod tests;
