//! What changes a request and what does not.

use super::*;

#[test]
fn s04_every_changed_part_of_a_request_is_refused() {
    type Change = fn(&mut Wire);
    let changes: Vec<(&str, Change)> = vec![
        ("method", |w| w.method = "PUT".into()),
        ("path", |w| w.path = "/v1/repositor%79".into()),
        ("path's end", |w| w.path.push('/')),
        ("path's case", |w| w.path = "/v1/Repository".into()),
        ("query value", |w| {
            w.query = "domain=acme&repository=team-b".into();
        }),
        ("query name", |w| {
            w.query = "domain=acme&Repository=team-a".into();
        }),
        ("query left out", |w| w.query = "domain=acme".into()),
        ("query added", |w| w.query.push_str("&x")),
        ("query repeated", |w| w.query.push_str("&domain=acme")),
        ("query moved into the path", |w| {
            w.path.push_str("?domain=acme");
        }),
        ("host", |w| {
            *w = w.clone().replaced("host", "127.0.0.1:8741");
        }),
        ("content type", |w| {
            *w = w.clone().replaced("content-type", "text/plain");
        }),
        ("header repeated", |w| {
            *w = w.clone().header("content-type", "application/json");
        }),
        ("date", |w| {
            *w = w.clone().replaced("x-amz-date", "20260101T000001Z");
        }),
        ("body", |w| w.body[0] = b'['),
        ("region", |w| {
            *w.authorization() = w.authorization().replace("20260101/us", "20260101/eu");
        }),
        ("signed headers", |w| {
            *w.authorization() = w.authorization().replace("content-type;", "");
        }),
        ("signature", |w| {
            let text = w.authorization();
            let last = if text.ends_with('0') { '1' } else { '0' };
            text.pop();
            text.push(last);
        }),
    ];
    for (part, change) in changes {
        let wire = Wire::new().signed().changed(change);
        let outcome = wire.verify_by(|input| input.region = None);
        assert_eq!(outcome, Err(SignatureError::Mismatch), "{part}");
    }
}

#[test]
fn s04_other_spellings_of_the_same_request_are_the_same_request() {
    for query in [
        "repository=team-a&domain=acme",
        "domain=acm%65&repository=team%2Da",
        "domain=acme&&repository=team-a&",
    ] {
        assert_eq!(
            Wire::new().signed().query(query).verify(),
            Ok(()),
            "{query}"
        );
    }
    let spaced = Wire::new().query("asset=setup%20x64.exe&b=%2F&a").signed();
    assert_eq!(spaced.verify(), Ok(()));
    assert_eq!(
        spaced
            .clone()
            .query("a=&asset=setup+x64.exe&b=%2f")
            .verify(),
        Ok(())
    );
    assert_eq!(
        spaced
            .clone()
            .query("a=&asset=setup%2Bx64.exe&b=%2F")
            .verify(),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        spaced.query("a=&asset=setup%2520x64.exe&b=%2F").verify(),
        Err(SignatureError::Mismatch)
    );
    let header = Wire::new()
        .signed()
        .replaced("content-type", "  application/json  ");
    assert_eq!(header.verify(), Ok(()));
    let undecodable = Wire::new()
        .signed()
        .query("domain=acme&repository=team-a&x=%zz");
    assert_incomplete(undecodable.verify(), "percent sign");
}
