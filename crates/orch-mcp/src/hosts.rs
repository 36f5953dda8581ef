//! Several hosts under one server.

use crate::host::{Answer, Object, Tool, ToolHost};

/// The tools of several hosts, served as one.
///
/// Of two tools with the same name, the one of the earlier host is there.
pub struct Hosts {
    name: &'static str,
    hosts: Vec<Box<dyn ToolHost>>,
    instructions: String,
    /// Whose each tool is: its name and the place of its host.
    owners: Vec<(&'static str, usize)>,
}

impl Hosts {
    /// Puts `hosts` together as a server called `name`.
    pub fn new(name: &'static str, hosts: Vec<Box<dyn ToolHost>>) -> Self {
        let said: Vec<&str> =
            hosts.iter().map(|host| host.instructions()).filter(|said| !said.is_empty()).collect();
        let instructions = said.join("\n\n");
        let mut owners: Vec<(&'static str, usize)> = Vec::new();
        for (place, host) in hosts.iter().enumerate() {
            for tool in host.tools() {
                if !owners.iter().any(|(name, _)| *name == tool.name) {
                    owners.push((tool.name, place));
                }
            }
        }
        Self { name, hosts, instructions, owners }
    }

    fn owner(&self, tool: &str) -> Option<usize> {
        self.owners.iter().find(|(name, _)| *name == tool).map(|(_, place)| *place)
    }
}

impl ToolHost for Hosts {
    fn name(&self) -> &str {
        self.name
    }

    fn instructions(&self) -> &str {
        &self.instructions
    }

    fn tools(&self) -> Vec<Tool> {
        let of_each = self.hosts.iter().enumerate().map(|(place, host)| {
            host.tools().into_iter().filter(move |tool| self.owner(tool.name) == Some(place))
        });
        of_each.flatten().collect()
    }

    fn call(&mut self, tool: &str, arguments: Object) -> Answer {
        let host = self.owner(tool).and_then(|place| self.hosts.get_mut(place));
        match host {
            Some(host) => host.call(tool, arguments),
            None => Answer::Refused(format!("there is no tool `{tool}`")),
        }
    }

    fn refuse(&self, tool: &str, problem: String) -> Answer {
        let host = self.owner(tool).and_then(|place| self.hosts.get(place));
        match host {
            Some(host) => host.refuse(tool, problem),
            None => Answer::Refused(problem),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Effect;

    struct Fixed(&'static str, &'static [&'static str]);

    impl ToolHost for Fixed {
        fn name(&self) -> &str {
            self.0
        }
        fn instructions(&self) -> &str {
            if self.0 == "silent" { "" } else { self.0 }
        }
        fn tools(&self) -> Vec<Tool> {
            let tool = |name: &&'static str| Tool {
                name,
                title: "",
                description: self.0,
                input_schema: Object::new(),
                example: Object::new(),
                effect: Effect::Reads,
            };
            self.1.iter().map(tool).collect()
        }
        fn call(&mut self, tool: &str, _arguments: Object) -> Answer {
            Answer::Done(format!("{} did {tool}", self.0))
        }
        fn refuse(&self, tool: &str, problem: String) -> Answer {
            Answer::Refused(format!("{} refuses {tool}: {problem}", self.0))
        }
    }

    fn together() -> Hosts {
        let hosts: Vec<Box<dyn ToolHost>> = vec![
            Box::new(Fixed("first", &["a", "b"])),
            Box::new(Fixed("silent", &[])),
            Box::new(Fixed("second", &["b", "c"])),
        ];
        Hosts::new("both", hosts)
    }

    #[test]
    fn each_tool_is_there_once_and_done_by_its_host() {
        let mut hosts = together();
        let listed: Vec<_> = hosts.tools().iter().map(|tool| (tool.name, tool.description)).collect();
        assert_eq!(listed, [("a", "first"), ("b", "first"), ("c", "second")]);
        for (tool, did) in [("a", "first did a"), ("b", "first did b"), ("c", "second did c")] {
            assert_eq!(hosts.call(tool, Object::new()), Answer::Done(did.to_owned()));
        }
        assert_eq!(hosts.call("d", Object::new()), Answer::Refused("there is no tool `d`".to_owned()));
    }

    #[test]
    fn each_refuses_in_its_own_words() {
        let hosts = together();
        for (tool, said) in [("b", "first refuses b: no"), ("c", "second refuses c: no"), ("d", "no")] {
            assert_eq!(hosts.refuse(tool, "no".to_owned()), Answer::Refused(said.to_owned()));
        }
    }

    #[test]
    fn what_they_say_is_said_together() {
        let hosts = together();
        assert_eq!((hosts.name(), hosts.instructions()), ("both", "first\n\nsecond"));
    }
}
