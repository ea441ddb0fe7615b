//! my-agent: `echo` answers with the body that it was sent, `count` with how often.

mod noa;

use noa::{Message, Outcome, Refusal, Reply};

/// State that goes from one generation to the next.
#[derive(Default)]
pub struct MyAgent {
    echoed: u64,
}

impl noa::Agent for MyAgent {
    fn configure(&mut self, _settings: &str, _commit: bool) -> Outcome<()> {
        Ok(())
    }

    fn handle(&mut self, message: &Message) -> Outcome<Reply> {
        match message.subject {
            "echo" => {
                self.echoed += 1;
                Ok(Reply::new(message.body, message.content_type))
            }
            "count" => Ok(Reply::json(format!("{{\"echoed\":{}}}", self.echoed))),
            _ => Err(Refusal::new(noa::E_UNSUPPORTED, "unknown operation")),
        }
    }

    fn save(&self) -> Vec<u8> {
        self.echoed.to_le_bytes().to_vec()
    }

    fn restore(&mut self, schema: u32, state: &[u8]) -> Outcome<()> {
        match (schema, <[u8; 8]>::try_from(state)) {
            (1, Ok(bytes)) => {
                self.echoed = u64::from_le_bytes(bytes);
                Ok(())
            }
            _ => Err(Refusal::new(noa::E_UNSUPPORTED, "the state is not one of schema 1")),
        }
    }
}

noa_plugin! {
    agent: MyAgent,
    id: "my-agent",
    version: "0.1.0",
    description: "Says what it was told",
    settings_schema: "{\"type\": \"object\", \"additionalProperties\": false}",
    state_schema: 1,
}

#[cfg(test)]
mod tests {
    use super::*;
    use noa::Agent;

    #[test]
    fn a_state_of_another_schema_is_refused() {
        let mut agent = MyAgent::default();
        assert!(agent.restore(2, &[0; 8]).is_err());
        assert!(agent.restore(1, &[0; 7]).is_err());
        assert!(agent.restore(1, &7u64.to_le_bytes()).is_ok());
        assert_eq!(agent.save(), 7u64.to_le_bytes());
    }
}
