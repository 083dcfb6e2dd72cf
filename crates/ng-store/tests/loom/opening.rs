//! A reader while an appender opens the file and makes what it found durable.

use ng_store::Finding;

use crate::model::{Scene, appender, commit, read, spawn, token_offset};

#[test]
fn a_tail_that_is_being_restored_is_read_whole() {
    const COUNT: usize = 100;
    const MORE: usize = 3;
    let mut scene = Scene::new(&[10, COUNT], MORE);
    // The image begins at token 64; what it holds is written in two steps.
    scene.damage(token_offset(64)..token_offset(80));
    scene.may_change(token_offset(64)..token_offset(70));
    scene.may_change(token_offset(70)..token_offset(COUNT));
    scene.check("a tail is restored", 1, |scene| {
        let file = scene.file();
        let of_reader = file.clone();
        // loom runs on in this thread first. It must be the one that writes: of
        // two reads of a piece loom remembers the later one, and would not see
        // that a write of the same thread comes too late for the earlier.
        let reading = spawn(move || {
            let seen = read(&of_reader);
            // Opening to append repeats the commit it found.
            let more = (COUNT + MORE) as u64;
            let expected = [(2, COUNT as u64), (3, COUNT as u64), (4, more)];
            assert!(expected.contains(&(seen.generation, seen.tokens)));
        });
        let mut writer = appender(&file);
        let restored = [Finding::TailRestored { token_index: 64 }];
        assert_eq!(writer.findings(), restored);
        commit(&mut writer, MORE);
        reading.join().unwrap();
        assert_eq!(read(&file).tokens, (COUNT + MORE) as u64);
    });
}
