//! The published test vectors, read from the signing library's package, which this crate depends on for tests.
//! They are not part of this repository. A missing vector is a failure.

use std::path::PathBuf;
use std::process::Command;

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Context {
    credentials: Credentials,
    normalize: bool,
    region: String,
    service: String,
    timestamp: String,
    #[serde(default)]
    omit_session_token: bool,
}

#[derive(Deserialize)]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
}

/// A request as it stands in a file of the suite.
struct Wire {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body_sha256: String,
}

impl Wire {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let request_line = lines.next().unwrap();
        let (method, target) = request_line.split_once(' ').unwrap();
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let Some(more) = line.strip_prefix(' ') {
                // A folded header: the HTTP layer hands it over as one line.
                let (_, value) = headers.last_mut().unwrap();
                value.push(' ');
                value.push_str(more);
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
        }
        Self {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body_sha256: hex::encode(Sha256::digest(body)),
        }
    }

    fn with<T>(&self, run: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_bytes()))
            .collect();
        run(&RequestParts {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
        })
    }
}

/// The folder of the suite in the package of `aws-sigv4`, wherever cargo keeps packages on this machine.
fn suite() -> PathBuf {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .output();
        let output = output.expect("cargo runs, for it runs this test");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let version = run(&["-vV"]);
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("cargo names its host");
    let metadata = run(&[
        "metadata",
        "--format-version",
        "1",
        "--offline",
        "--filter-platform",
        host,
    ]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "aws-sigv4")
        .expect("aws-sigv4 is a dependency");
    let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
    let folder = manifest.with_file_name("aws-signing-test-suite").join("v4");
    assert!(
        folder.is_dir(),
        "the package of aws-sigv4 holds the test vectors no longer: {}",
        folder.display()
    );
    folder
}

/// A canonical request and its text to sign, as we make them.
fn ours(signature: &Signature<'_>, body_sha256: &str) -> (String, String) {
    let payload = signature
        .canonical_payload(&Payload::Known(body_sha256))
        .unwrap();
    let presigned = signature.is_presigned();
    let canonical = canonical::request(
        signature.request,
        &signature.signed_headers,
        presigned,
        payload,
    )
    .unwrap();
    let to_sign = signing::string_to_sign(
        &signature.scope(),
        signature.signed_at.compact(),
        &canonical,
    );
    (String::from_utf8(canonical).unwrap(), to_sign)
}

#[test]
fn s04_the_published_vectors_are_met_in_both_forms() {
    let (mut verified, mut refused) = (0, Vec::new());
    for entry in std::fs::read_dir(suite()).unwrap() {
        let folder = entry.unwrap().path();
        let read = |name: String| std::fs::read_to_string(folder.join(name));
        let Ok(context) = read("context.json".into()) else {
            continue;
        };
        let context: Context = serde_json::from_str(&context).unwrap();
        for form in ["header", "query"] {
            let case = format!("{} ({form})", folder.file_name().unwrap().to_string_lossy());
            let file = |name: &str| read(format!("{form}-{name}.txt")).unwrap();
            let canonical = file("canonical-request");
            let wire = Wire::parse(&file("signed-request"));
            let compact = context.timestamp.replace(['-', ':'], "");
            let input = VerifyInput {
                secret: Some(&context.credentials.secret_access_key),
                session_token: context.credentials.token.as_deref(),
                payload: Payload::Known(&wire.body_sha256),
                now: SignedAt::parse(compact.into()).unwrap().instant(),
                service: &context.service,
                region: Some(&context.region),
            };
            // Two kinds of vector are of services with looser rules than this one: those that leave paths as they
            // are, and those that leave the session token out of the signature. They must be refused here.
            let path = canonical.lines().nth(1).unwrap();
            let kept_path = !context.normalize && (path.contains("/.") || path.contains("//"));
            let must_fail = kept_path || context.omit_session_token;
            let outcome = wire.with(|parts| {
                let signature = Signature::read(parts)?.expect("the vector is signed");
                assert_eq!(
                    signature.access_key_id(),
                    context.credentials.access_key_id,
                    "{case}"
                );
                if !must_fail {
                    let (our_canonical, our_text) = ours(&signature, &wire.body_sha256);
                    assert_eq!(our_canonical, canonical, "{case}");
                    assert_eq!(our_text, file("string-to-sign"), "{case}");
                }
                signature.verify(&input)
            });
            if must_fail {
                assert!(
                    matches!(
                        outcome,
                        Err(SignatureError::Mismatch | SignatureError::Invalid(_))
                    ),
                    "{case}: {outcome:?}"
                );
                refused.push(case);
            } else {
                assert_eq!(outcome, Ok(()), "{case}");
                verified += 1;
            }
        }
    }
    assert!(verified >= 62, "the suite has shrunk: {verified} verified");
    assert_eq!(refused.len(), 14, "{refused:?}");
}

#[test]
fn s04_the_published_vectors_for_paths_encoded_twice_are_met() {
    for (case, whole) in [("double-url-encode", true), ("double-encode-path", false)] {
        let folder = suite().join(case);
        let expected =
            std::fs::read_to_string(folder.join("header-canonical-request.txt")).unwrap();
        let wire = Wire::parse(
            &std::fs::read_to_string(folder.join("header-signed-request.txt")).unwrap(),
        );
        wire.with(|parts| {
            let signature = Signature::read(parts).unwrap().unwrap();
            let (canonical, _) = ours(&signature, &wire.body_sha256);
            // The second vector contradicts itself in its date, so only its path is compared.
            let compared = |text: &str| {
                text.lines()
                    .take(if whole { usize::MAX } else { 2 })
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            };
            assert_eq!(compared(&canonical), compared(&expected), "{case}");
        });
    }
}
