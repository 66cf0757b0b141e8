use crate::database::TestDatabase;

on_both_engines![the_first_to_set_a_mark_decides];

async fn the_first_to_set_a_mark_decides(db: &TestDatabase) {
    for (mark, kept) in [("first", "first"), ("second", "first")] {
        let found = db
            .write(move |tx| {
                Box::pin(async move { tx.ensure_installation_mark("bytes", mark).await })
            })
            .await;
        assert_eq!(found, kept);
    }
}
