//! Who may do what: decided by the project that an upload names, before anything of it is kept.

use catalog::{Caller, PolicyHolder};
use http::Method;
use model::{AccountId, PolicyDocument};
use serde_json::{Value, json};
use testkit::house::{Client, OWNER, full, piecemeal, repository};

use crate::house::{House, coordinates, file_path, release};
use crate::upload_form::Form;

const GUEST: &str = "999900001111";

impl House {
    async fn set_policy(&self, statements: &[Value]) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: Some(repository("main")),
        };
        let document = PolicyDocument::parse(&document.to_string()).unwrap();
        self.catalog
            .put_resource_policy(&self.root, holder, &document, None)
            .await
            .unwrap();
    }

    async fn guest(&self) -> Client<'_> {
        let guest = Caller::root(AccountId::parse(GUEST).unwrap());
        let token = self.token_of(&guest).await;
        self.at("main")
            .with_authorization(Some(format!("Bearer {token}")))
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": GUEST }, "Action": action, "Resource": resource })
}

async fn send(client: &Client<'_>, form: &Form) -> u16 {
    let content_type = Form::content_type();
    let headers = [("content-type", content_type.as_str())];
    client
        .ask(Method::POST, "", &headers, full(form.body()))
        .await
        .status
}

#[tokio::test]
async fn z05_a_right_to_publish_is_for_the_projects_it_names_and_for_nothing_else() {
    let house = House::private().await;
    let packages = format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/pypi//team-*");
    house
        .set_policy(&[allow("codeartifact:PublishPackageVersion", &packages)])
        .await;
    let guest = house.guest().await;
    let (own, foreign) = (
        release("Team.Tool", "1.0").wheel(),
        release("other", "1.0").wheel(),
    );
    assert_eq!(
        send(&guest, &Form::of(&own)).await,
        200,
        "without the right to read"
    );
    assert_eq!(send(&guest, &Form::of(&own).file_first()).await, 200);
    assert_eq!(send(&guest, &Form::of(&foreign)).await, 403);
    assert_eq!(send(&guest, &Form::of(&foreign).file_first()).await, 403);
    let disguised = Form::of(&foreign).set("name", "team-tool");
    assert!(matches!(send(&guest, &disguised).await, 400 | 403));
    for path in [
        "simple/",
        "simple/team-tool/",
        &file_path(&own),
        "team-tool/json",
    ] {
        assert_eq!(guest.get(path).await.status, 403, "{path}");
    }
    assert_eq!(house.at("main").get("simple/other/").await.status, 404);
}

#[tokio::test]
async fn a04_a_guest_that_may_read_reads_everything_and_uploads_nothing() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    house.publish(&wheel).await;
    house
        .set_policy(&[allow("codeartifact:ReadFromRepository", "*")])
        .await;
    let guest = house.guest().await;
    let file = file_path(&wheel);
    for path in [
        "simple/",
        "simple/widget/",
        &file,
        &format!("{file}.metadata"),
        "widget/json",
    ] {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    assert_eq!(
        send(&guest, &Form::of(&release("widget", "2.0").wheel())).await,
        403
    );
    assert_eq!(house.files("main", "widget").await.len(), 1);
}

#[tokio::test]
async fn a05_without_a_token_basic_credentials_are_asked_for_before_anything_is_read() {
    let house = House::private().await;
    let nobody = house.at("main").with_authorization(None);
    for (method, path) in [(Method::GET, "simple/widget/"), (Method::POST, "")] {
        let form = Form::of(&release("widget", "1.0").wheel());
        let content_type = Form::content_type();
        let headers = [("content-type", content_type.as_str())];
        let answer = nobody.ask(method, path, &headers, full(form.body())).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("aws:{}", house.token),
    );
    let pip = house
        .at("main")
        .with_authorization(Some(format!("Basic {basic}")));
    assert_eq!(pip.get("simple/").await.status, 200);
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_file_comes_publishes_nothing() {
    let house = House::private().await;
    let (content_type, package) = (Form::content_type(), coordinates("parcel"));
    let headers = [("content-type", content_type.as_str())];
    let form = bytes::Bytes::from(Form::of(&release("parcel", "1.0").wheel()).body());
    let no = json!({ "Effect": "Deny", "Principal": { "AWS": GUEST }, "Action": "codeartifact:PublishPackageVersion", "Resource": "*" });
    let yes = allow("codeartifact:PublishPackageVersion", "*");
    for (then, status, held) in [(no, 403, 0), (yes.clone(), 200, 1)] {
        house.set_policy(std::slice::from_ref(&yes)).await;
        let guest = house.guest().await;
        let (body, sender) = piecemeal();
        let post = guest.ask(Method::POST, "", &headers, body);
        let meanwhile = async {
            sender.send(form.slice(..form.len() - 1)).await.unwrap();
            // There is room again: so the first was taken.
            let room = sender.reserve().await.unwrap();
            house.set_policy(&[then]).await;
            room.send(form.slice(form.len() - 1..));
            drop(sender);
        };
        let (answer, ()) = tokio::join!(post, meanwhile);
        assert_eq!(answer.status, status, "{}", answer.error());
        assert_eq!(house.held("main", &package).await.len(), held);
        assert_eq!(
            house.stored().await.len(),
            2 * held,
            "a wheel and its metadata"
        );
    }
}
