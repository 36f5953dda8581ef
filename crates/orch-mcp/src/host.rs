//! Tools as orch means them, whatever library speaks the protocol.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::schema::schema_of;

/// A JSON object: the arguments of a call, or the schema that they follow.
pub type Object = Map<String, Value>;

/// Something that has tools and does what is asked of them.
///
/// The server calls it for one thing at a time, in the order in which the calls came in, on a thread where it may
/// block. A panic is answered as an error of that call, and the host is asked again for the next.
pub trait ToolHost: Send {
    /// The server's name when only this host is served.
    fn name(&self) -> &str;

    /// What an agent is told about all of these tools together, once, before it calls any.
    fn instructions(&self) -> &str;

    /// The tools. Asked once, before anything is served.
    fn tools(&self) -> Vec<Tool>;

    /// Does what `tool` is for.
    ///
    /// `arguments` follow the tool's schema as far as [`Tool::input_schema`] says; a `null` for what may be left out
    /// is left out.
    fn call(&mut self, tool: &str, arguments: Object) -> Answer;

    /// The answer to a call of `tool` that is not made, in the shape in which this host says that something is wrong.
    /// `problem` is for the agent: a line that says what is wrong, then what is right.
    fn refuse(&self, _tool: &str, problem: String) -> Answer {
        Answer::Refused(problem)
    }
}

/// One tool: what an agent reads before it calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// By which it is called: letters, digits and `_`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does and when to use it, in a sentence or two.
    pub description: &'static str,
    /// The schema of its arguments: JSON Schema 2020-12, an object, without references.
    ///
    /// What is checked of it before a call: `type`, `enum`, `const`, `properties`, `required`,
    /// `additionalProperties`, `items` and `anyOf`. Anything else is for the agent and the host.
    pub input_schema: Object,
    /// Arguments that are right, shown to an agent whose arguments were not.
    pub example: Object,
    /// What a call may change.
    pub effect: Effect,
}

impl Tool {
    /// A tool whose arguments are read as `Input`.
    pub fn new<Input: JsonSchema>(
        name: &'static str,
        title: &'static str,
        description: &'static str,
    ) -> Self {
        let input_schema = schema_of::<Input>();
        Self { name, title, description, input_schema, example: Object::new(), effect: Effect::Reads }
    }

    /// Says what a call may change; without it, nothing.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// Gives the arguments that are shown as an example. Anything but an object is none.
    #[must_use]
    pub fn example(mut self, example: Value) -> Self {
        if let Value::Object(example) = example {
            self.example = example;
        }
        self
    }
}

/// What a call may change. A client uses it to decide whether to ask a person first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Something is added, nothing that was there is lost.
    Adds,
    /// What was there is changed or put away.
    Changes,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done; the text is for the agent.
    Done(String),
    /// It was not done; the text tells the agent why, and what to do instead.
    Refused(String),
}

impl Answer {
    /// It was done, and this is the result, as indented JSON.
    pub fn json(value: &impl Serialize) -> Self {
        indented(value).map_or_else(Self::Refused, Self::Done)
    }

    /// It was not done, and this says so, as indented JSON (`{"error": …, "hint": …}`).
    pub fn refused_json(value: &impl Serialize) -> Self {
        Self::Refused(indented(value).unwrap_or_else(|error| error))
    }
}

fn indented(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| format!("the result can't be written as JSON: {error}"))
}
