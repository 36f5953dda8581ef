use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll};

use schemars::JsonSchema;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, duplex};
use tokio::task::JoinHandle;

use super::*;

#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code)]
struct Said {
    /// What to say.
    text: String,
    /// How often.
    times: Option<u32>,
}

#[derive(JsonSchema)]
struct Nothing {}

/// Numbers its calls, and waits where it is told to.
struct Parrot {
    calls: u32,
    begun: Sender<()>,
    go_on: Receiver<()>,
}

impl ToolHost for Parrot {
    fn name(&self) -> &str {
        "parrot"
    }

    fn instructions(&self) -> &str {
        "Says what it is told."
    }

    fn tools(&self) -> Vec<Tool> {
        vec![
            Tool::new::<Said>("say", "Say", "Says it. Call it to hear it.").example(json!({"text": "hello"})),
            Tool::new::<Nothing>("wait", "Wait", "Waits.").effect(Effect::Adds),
            Tool::new::<Nothing>("refuse", "Refuse", "Refuses.").effect(Effect::Changes),
            Tool::new::<Nothing>("panic", "Panic", "Panics."),
        ]
    }

    fn call(&mut self, tool: &str, arguments: Object) -> Answer {
        self.calls += 1;
        match tool {
            "say" => Answer::json(&json!({"call": self.calls, "text": arguments["text"]})),
            "wait" => {
                self.begun.send(()).unwrap();
                self.go_on.recv().unwrap();
                Answer::Done("waited".to_owned())
            }
            "refuse" => Answer::refused_json(&json!({"error": "no", "hint": "ask again"})),
            _ => panic!("call {} went wrong", self.calls),
        }
    }
}

/// The other side: lines of JSON, written and read by hand.
struct Client {
    to: Option<DuplexStream>,
    from: Option<Lines<BufReader<DuplexStream>>>,
    server: JoinHandle<Result<(), ServeError>>,
    begun: Receiver<()>,
    go_on: Sender<()>,
}

impl Client {
    fn start() -> Self {
        let (to, input) = duplex(1 << 16);
        let (output, from) = duplex(1 << 16);
        let (tell_begun, begun) = channel();
        let (go_on, told_to_go_on) = channel();
        let host = Parrot { calls: 0, begun: tell_begun, go_on: told_to_go_on };
        let server = tokio::spawn(serve_on(Box::new(host), input, output));
        Self { to: Some(to), from: Some(BufReader::new(from).lines()), server, begun, go_on }
    }

    async fn initialized() -> Self {
        let mut client = Self::start();
        client.initialize("2025-06-18").await;
        client
    }

    async fn initialize(&mut self, version: &str) -> Value {
        let about = json!({"name": "test", "version": "0"});
        let params = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": about});
        self.request(0, "initialize", params).await;
        let answer = self.answer().await;
        self.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        answer
    }

    async fn line(&mut self, line: &[u8]) {
        let to = self.to.as_mut().unwrap();
        to.write_all(line).await.unwrap();
        to.write_all(b"\n").await.unwrap();
    }

    async fn send(&mut self, message: Value) {
        self.line(message.to_string().as_bytes()).await;
    }

    async fn request(&mut self, id: u32, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    async fn call(&mut self, id: u32, tool: &str, arguments: Value) {
        self.request(id, "tools/call", json!({"name": tool, "arguments": arguments})).await;
    }

    async fn answer(&mut self) -> Value {
        let line = self.from.as_mut().unwrap().next_line().await.unwrap();
        serde_json::from_str(&line.expect("the server has ended")).unwrap()
    }

    /// The id and the text of the next answer, and whether it is an error for the agent.
    async fn told(&mut self) -> (u64, String, bool) {
        let answer = self.answer().await;
        let result = &answer["result"];
        let [block] = result["content"].as_array().unwrap().as_slice() else { panic!("{answer}") };
        assert_eq!(block["type"], "text");
        let text = block["text"].as_str().unwrap().to_owned();
        (answer["id"].as_u64().unwrap(), text, result["isError"].as_bool().unwrap())
    }

    /// Closes the way in and gives what `serve` returned, when nothing more was answered.
    async fn end(mut self) -> Result<(), ServeError> {
        self.to = None;
        if let Some(from) = &mut self.from {
            assert_eq!(from.next_line().await.unwrap(), None);
        }
        self.server.await.unwrap()
    }
}

#[tokio::test]
async fn each_known_version_is_taken_and_another_answered_with_a_known_one() {
    for (asked, taken) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let mut client = Client::start();
        let answer = client.initialize(asked).await;
        assert_eq!(answer["result"]["protocolVersion"], taken, "{asked}");
        assert!(client.end().await.is_ok());
    }
}

#[tokio::test]
async fn says_who_it_is_and_what_it_can() {
    let mut client = Client::start();
    let answer = client.initialize("2025-06-18").await;
    let expected = json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "parrot", "version": env!("CARGO_PKG_VERSION")},
        "instructions": "Says what it is told.",
    });
    assert_eq!(answer["result"], expected);

    client.request(1, "tools/list", json!({})).await;
    let answer = client.answer().await;
    let nothing = json!({"type": "object", "properties": {}});
    let expected = json!([
        {
            "name": "say",
            "title": "Say",
            "description": "Says it. Call it to hear it.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "text": {"description": "What to say.", "type": "string"},
                    "times": {"description": "How often.", "type": "integer", "minimum": 0},
                },
                "additionalProperties": false,
                "required": ["text"],
            },
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        },
        {
            "name": "wait",
            "title": "Wait",
            "description": "Waits.",
            "inputSchema": nothing,
            "annotations": {"readOnlyHint": false, "destructiveHint": false, "openWorldHint": false},
        },
        {
            "name": "refuse",
            "title": "Refuse",
            "description": "Refuses.",
            "inputSchema": nothing,
            "annotations": {"readOnlyHint": false, "destructiveHint": true, "openWorldHint": false},
        },
        {
            "name": "panic",
            "title": "Panic",
            "description": "Panics.",
            "inputSchema": nothing,
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        },
    ]);
    assert_eq!(answer["result"], json!({"tools": expected}));
}

#[tokio::test]
async fn what_is_done_and_what_is_refused_is_told_as_text() {
    let mut client = Client::initialized().await;
    client.call(1, "say", json!({"text": "a\nb", "times": null})).await;
    assert_eq!(client.told().await, (1, "{\n  \"call\": 1,\n  \"text\": \"a\\nb\"\n}".to_owned(), false));
    client.call(2, "refuse", json!({})).await;
    let refused = "{\n  \"error\": \"no\",\n  \"hint\": \"ask again\"\n}".to_owned();
    assert_eq!(client.told().await, (2, refused, true));
    client.request(3, "tools/call", json!({"name": "refuse"})).await;
    assert_eq!(client.told().await.0, 3);
}

#[tokio::test]
async fn wrong_arguments_do_not_reach_the_host() {
    let mut client = Client::initialized().await;
    client.call(1, "say", json!({"txt": "a"})).await;
    let (_, text, refused) = client.told().await;
    assert!(refused);
    for said in ["`text` is missing", "`txt` is not known", r#"example of `say`: {"text":"hello"}"#] {
        assert!(text.contains(said), "{text}");
    }
    client.call(2, "say", json!({"text": "a"})).await;
    assert!(client.told().await.1.contains("\"call\": 1"));
}

#[tokio::test]
async fn an_unknown_tool_and_an_unknown_method_are_errors_of_the_protocol() {
    let mut client = Client::initialized().await;
    client.call(1, "sya", json!({})).await;
    let answer = client.answer().await;
    assert_eq!(answer["error"]["code"], -32602);
    assert_eq!(answer["error"]["message"], "unknown tool: \"sya\"; there are say, wait, refuse, panic");
    client.request(2, "tools/undo", json!({})).await;
    assert_eq!(client.answer().await["error"]["code"], -32601);
}

#[tokio::test]
async fn a_panic_is_an_error_of_that_call_alone() {
    let mut client = Client::initialized().await;
    client.call(1, "panic", json!({})).await;
    client.call(2, "say", json!({"text": "still here"})).await;
    // Answers may overtake each other.
    let mut told = [client.told().await, client.told().await];
    told.sort();
    let [(1, panicked, true), (2, said, false)] = &told else { panic!("{told:?}") };
    assert!(panicked.starts_with("`panic` failed within itself: call 1 went wrong\n"), "{panicked}");
    assert!(said.contains("still here"), "{said}");
}

#[tokio::test]
async fn many_calls_at_once_are_done_in_the_order_of_their_coming() {
    let mut client = Client::initialized().await;
    for id in 1..=200 {
        client.call(id, "say", json!({"text": format!("number {id}")})).await;
    }
    let mut answered = Vec::new();
    for _ in 1..=200 {
        let (id, text, _) = client.told().await;
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said, json!({"call": id, "text": format!("number {id}")}));
        answered.push(id);
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=200).collect::<Vec<u64>>());
}

#[tokio::test]
async fn pings_are_answered_during_a_call_and_what_is_cancelled_is_not_begun() {
    let mut client = Client::initialized().await;
    client.call(1, "wait", json!({})).await;
    client.call(2, "say", json!({"text": "never"})).await;
    client.request(3, "ping", json!({})).await;
    assert_eq!(client.answer().await, json!({"jsonrpc": "2.0", "id": 3, "result": {}}));
    let cancelled = json!({"requestId": 2, "reason": "not wanted"});
    client.send(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})).await;
    client.request(4, "ping", json!({})).await;
    assert_eq!(client.answer().await["id"], 4);

    client.go_on.send(()).unwrap();
    assert_eq!(client.told().await, (1, "waited".to_owned(), false));
    client.call(5, "say", json!({"text": "next"})).await;
    let (id, text, _) = client.told().await;
    assert!(id == 5 && text.contains("\"call\": 2"), "{text}");
}

#[tokio::test]
async fn what_is_no_message_is_passed_over() {
    let mut client = Client::initialized().await;
    client.line(b"this is no JSON").await;
    client.line(b"").await;
    client.line(b"\xff\xfe{").await;
    client.line(&[b'['; 100_000]).await;
    client.line(br#"{"jsonrpc":"2.0","method":"notifications/unheard-of"}"#).await;
    client.request(1, "ping", json!({})).await;
    assert_eq!(client.answer().await["id"], 1);

    client.line(br#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#).await;
    let answer = client.answer().await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&Value::Null, &json!(-32600)));
}

#[tokio::test]
async fn a_line_of_more_than_16_mib_is_passed_over() {
    let mut client = Client::initialized().await;
    let long = "x".repeat(17 << 20);
    client.call(1, "say", json!({"text": long})).await;
    client.call(2, "say", json!({"text": "short"})).await;
    let (id, text, _) = client.told().await;
    assert!(id == 2 && text.contains("\"call\": 1"));
    assert!(client.end().await.is_ok());
}

#[tokio::test]
async fn a_call_is_brought_to_its_end_when_the_way_in_is_closed() {
    let mut client = Client::initialized().await;
    client.call(1, "wait", json!({})).await;
    client.request(2, "ping", json!({})).await;
    assert_eq!(client.answer().await["id"], 2);
    client.to = None;
    client.go_on.send(()).unwrap();
    assert_eq!(client.told().await, (1, "waited".to_owned(), false));
    client.begun.recv().unwrap();
    assert!(client.end().await.is_ok());
}

#[tokio::test]
async fn ends_when_nobody_reads_its_answers() {
    let mut client = Client::initialized().await;
    client.from = None;
    client.request(1, "ping", json!({})).await;
    assert!(client.server.await.unwrap().is_ok());

    let mut client = Client::start();
    client.from = None;
    client.request(1, "ping", json!({})).await;
    assert!(client.server.await.unwrap().is_ok());
}

/// As standard output is that goes to a file on a full disk.
struct Full;

impl AsyncWrite for Full {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::StorageFull.into()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn says_why_answers_can_not_be_written() {
    let (mut to, input) = duplex(1 << 16);
    let (begun, _) = channel();
    let (_, go_on) = channel();
    let server = tokio::spawn(serve_on(Box::new(Parrot { calls: 0, begun, go_on }), input, Full));
    to.write_all(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n").await.unwrap();
    let error = server.await.unwrap().unwrap_err();
    assert!(matches!(&error, ServeError::Output(why) if why.kind() == io::ErrorKind::StorageFull), "{error}");
}

#[tokio::test]
async fn ends_quietly_when_nobody_ever_speaks() {
    assert!(Client::start().end().await.is_ok());
}

#[tokio::test]
async fn says_that_there_was_no_handshake() {
    let mut client = Client::start();
    client.send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    let error = client.end().await.unwrap_err();
    assert!(matches!(error, ServeError::Handshake), "{error}");
    assert!(error.hint().is_some());
}
