//! One tool of the tasks, with what is done when it is called.

use orch_core::Time;
use orch_state_sqlite::{DbError, ToolError, Tools};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::host::{Answer, Effect, Object, Tool};

/// What has to be there before a tool can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// The database.
    File,
    /// Nothing: the database is made.
    Nothing,
}

/// Why a call was not done.
#[derive(Debug)]
pub(super) enum Failure {
    Arguments(serde_json::Error),
    Tool(ToolError),
}

impl From<ToolError> for Failure {
    fn from(error: ToolError) -> Self {
        Self::Tool(error)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Tool(error.into())
    }
}

/// A call whose arguments were read.
pub(super) type Ready = Box<dyn FnOnce(&mut Tools, Time) -> Result<Answer, ToolError>>;

type Read = Box<dyn Fn(Object) -> Result<Ready, serde_json::Error> + Send>;

/// A tool, what it needs, and how it is done.
pub(super) struct Operation {
    pub(super) tool: Tool,
    pub(super) needs: Needs,
    read: Read,
}

impl Operation {
    /// One that changes nothing.
    pub(super) fn reads<I, O>(about: [&'static str; 3], work: fn(&Tools, &I) -> Result<O, ToolError>) -> Self
    where
        I: JsonSchema + DeserializeOwned + 'static,
        O: Serialize + 'static,
    {
        let read = move |arguments| -> Result<Ready, serde_json::Error> {
            let input: I = serde_json::from_value(Value::Object(arguments))?;
            Ok(Box::new(move |tools, _now| work(tools, &input).map(|output| Answer::json(&output))))
        };
        Self { tool: tool::<I>(about), needs: Needs::File, read: Box::new(read) }
    }

    /// One that adds to what is there.
    pub(super) fn adds<I, O>(
        about: [&'static str; 3],
        work: fn(&mut Tools, I, Time) -> Result<O, ToolError>,
    ) -> Self
    where
        I: JsonSchema + DeserializeOwned + 'static,
        O: Serialize + 'static,
    {
        let read = move |arguments| -> Result<Ready, serde_json::Error> {
            let input: I = serde_json::from_value(Value::Object(arguments))?;
            Ok(Box::new(move |tools, now| work(tools, input, now).map(|output| Answer::json(&output))))
        };
        Self { tool: tool::<I>(about).effect(Effect::Adds), needs: Needs::File, read: Box::new(read) }
    }

    /// One that changes what is there.
    pub(super) fn changes<I, O>(
        about: [&'static str; 3],
        work: fn(&mut Tools, I, Time) -> Result<O, ToolError>,
    ) -> Self
    where
        I: JsonSchema + DeserializeOwned + 'static,
        O: Serialize + 'static,
    {
        let Self { tool, needs, read } = Self::adds(about, work);
        Self { tool: tool.effect(Effect::Changes), needs, read }
    }

    /// Makes the database when there is none.
    pub(super) fn begins(self) -> Self {
        Self { needs: Needs::Nothing, ..self }
    }

    /// Shows `example` to agents whose arguments were wrong.
    pub(super) fn example(self, example: Value) -> Self {
        Self { tool: self.tool.example(example), ..self }
    }

    /// Reads `arguments`; what is given can be done.
    pub(super) fn read(&self, arguments: Object) -> Result<Ready, Failure> {
        (self.read)(arguments).map_err(Failure::Arguments)
    }
}

fn tool<I: JsonSchema>([name, title, description]: [&'static str; 3]) -> Tool {
    Tool::new::<I>(name, title, description)
}
