//! A guest: an account that is not the owner's, and may do what a repository's policy lets it.

use bytes::Bytes;
use catalog::{Caller, PolicyHolder};
use http::Method;
use model::{AccountId, PolicyDocument};
use serde_json::json;

use super::client::{Answer, Client, piecemeal};
use super::{House, repository};

const GUEST: &str = "999900001111";

impl House {
    /// Lets the guest do these things in a repository, e.g. `ReadFromRepository`, and nothing else.
    pub async fn allow_guest(&self, name: &str, actions: &[&str]) {
        let actions: Vec<String> = actions
            .iter()
            .map(|action| format!("codeartifact:{action}"))
            .collect();
        let statement = json!({
            "Effect": "Allow", "Principal": { "AWS": GUEST }, "Action": actions, "Resource": "*",
        });
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        let document = PolicyDocument::parse(&document.to_string()).expect("a policy");
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: Some(repository(name)),
        };
        let set = self
            .catalog
            .put_resource_policy(&self.root, holder, &document, None);
        set.await.expect("the root sets policies");
    }

    /// A client of a repository's endpoint for a format, with a token of the guest.
    pub async fn guest(&self, format: &str, repository: &str) -> Client<'_> {
        let account = AccountId::parse(GUEST).expect("twelve digits");
        let token = self.token_of(&Caller::root(account)).await;
        self.client(format, repository)
            .with_authorization(Some(format!("Bearer {token}")))
    }
}

impl Client<'_> {
    /// Sends a body, and does something else when all of it but its last byte was taken.
    pub async fn ask_and_meanwhile(
        &self,
        (method, path): (Method, &str),
        headers: &[(&str, &str)],
        body: Bytes,
        meanwhile: impl Future<Output = ()>,
    ) -> Answer {
        let (pieces, sender) = piecemeal();
        let asked = self.ask(method, path, headers, pieces);
        let sending = async {
            let (first, last) = (body.slice(..body.len() - 1), body.slice(body.len() - 1..));
            sender.send(first).await.expect("the body is read");
            // There is room again: so the first was taken.
            let room = sender.reserve().await.expect("the body is still read");
            meanwhile.await;
            room.send(last);
            drop(sender);
        };
        tokio::join!(asked, sending).0
    }
}
