//! Moving between the engines and back.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use carriage::{CarriageError, Progress, Unit};
use futures_util::FutureExt;

use crate::house::{House, Kind, body, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_migration_to_the_other_engines_and_back_is_the_same_installation() {
    let from = House::filled(Kind::Embedded, 12).await;
    let scaled_out = House::new(Kind::ScaledOut).await;
    let moved = from.migrate(&scaled_out).await.unwrap();
    assert_eq!((moved.blobs, moved.copied), (16, 16));
    scaled_out.is_the_same_as(&from).await;
    let back = House::new(Kind::Embedded).await;
    scaled_out.migrate(&back).await.unwrap();
    back.is_the_same_as(&from).await;
    // Numbers go on behind those that were given.
    let place = crate::house::Place {
        domain: 1,
        repository: 1,
    };
    for house in [&from, &scaled_out, &back] {
        house.publish(place, 50).await;
    }
    assert_eq!(back.image().await, from.image().await);
    assert_eq!(scaled_out.image().await, from.image().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_target_that_holds_something_else_is_refused_and_left_alone() {
    let from = House::filled(Kind::Embedded, 3).await;
    for kind in [Kind::Embedded, Kind::ScaledOut] {
        let target = House::filled(kind, 1).await;
        let before = (target.image().await, target.held().await);
        let text = refusal(from.migrate(&target).await);
        assert!(text.contains("not empty"), "{text}");
        assert_eq!((target.image().await, target.held().await), before);
        carriage::check_whole(target.store()).await.unwrap();
    }
    from.back_up(tempfile::tempdir().unwrap().path())
        .await
        .unwrap();
    let text = refusal(
        carriage::migrate(
            &from.installation,
            &from.installation,
            &carriage::NoProgress,
        )
        .await,
    );
    assert!(text.contains("same installation"), "{text}");
}

/// Fails by a panic in the middle of a step, which ends the work as a cut would.
struct Cut(&'static str);

impl Progress for Cut {
    fn begin(&self, step: &'static str, _: u64, _: Unit) {
        assert_ne!(step, self.0, "cut here");
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_migration_that_was_broken_off_is_not_served_and_is_gone_on_with() {
    let from = House::filled(Kind::Embedded, 9).await;
    let other = House::filled(Kind::Embedded, 9).await;
    for step in ["loading rows", "verifying rows", "verifying blobs"] {
        let to = House::new(Kind::ScaledOut).await;
        let cut = Cut(step);
        let cut = carriage::migrate(&from.installation, &to.installation, &cut);
        let cut = AssertUnwindSafe(cut).catch_unwind().await;
        assert!(cut.is_err(), "{step} was not reached");
        let text = refusal(carriage::check_whole(to.store()).await);
        assert!(text.contains("not whole"), "{text}");
        let text = refusal(other.migrate(&to).await);
        assert!(text.contains("another installation"), "{text}");
        // Half of an installation is no source either.
        let elsewhere = House::new(Kind::Embedded).await;
        refusal(to.migrate(&elsewhere).await);
        refusal(to.back_up(tempfile::tempdir().unwrap().path()).await);
        // The source may have been served from in between.
        from.publish(
            crate::house::Place {
                domain: 1,
                repository: 1,
            },
            1_000 + step.len() as u32,
        )
        .await;
        let moved = from.migrate(&to).await.unwrap();
        assert!(moved.copied <= 2, "{} copied again", moved.copied);
        to.is_the_same_as(&from).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_damage_at_either_end_stops_a_migration() {
    let from = House::filled(Kind::Embedded, 3).await;
    let digest = *from.named().await.iter().next().unwrap();
    from.installation.blobs.delete(&digest).await.unwrap();
    let to = House::new(Kind::ScaledOut).await;
    let failed = from.migrate(&to).await;
    assert!(
        matches!(&failed, Err(CarriageError::MissingBlob { digest: named, .. }) if *named == digest),
        "{failed:?}"
    );
    assert_eq!(to.count("domain").await, 0);
    let numbers: BTreeSet<u32> = (0..3).collect();
    for number in numbers {
        from.installation.blobs.put(body(number)).await.unwrap();
        let document = format!("document of {number}");
        from.installation.blobs.put(document.into()).await.unwrap();
    }
    from.migrate(&to).await.unwrap();
    to.is_the_same_as(&from).await;
}
