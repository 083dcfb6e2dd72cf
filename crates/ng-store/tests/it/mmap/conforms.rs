use std::sync::atomic::{AtomicUsize, Ordering};

use ng_store::conformance;

use super::fixture::{Place, create, small};

#[test]
fn mmap_store_conforms() {
    let place = Place::new();
    let made = AtomicUsize::new(0);
    conformance::check_all(|| {
        let name = made.fetch_add(1, Ordering::Relaxed).to_string();
        create(&place.named(&name), &small()).unwrap()
    });
}
