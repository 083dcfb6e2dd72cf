//! Makes tokens, turns them into bytes and back, and checks what came back.
//!
//! Run it with `cargo run --package ng-token --example first_token`.

use std::error::Error;

use ng_token::{EntityType, Space, Token, TokenId, as_bytes, read_unaligned};

const NOW: u32 = 1_700_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let id = TokenId::new(0, EntityType::Concept, 42)?;
    let token = Token::builder(id.raw())
        .coordinate(Space::Physical, [1.5, -2.25, 0.0])
        .coordinate(Space::Emotional, [0.8, 0.1, -0.3])
        .weight(0.5)
        .radius(1.0)
        .strength(0.9)
        .timestamp(NOW)
        .build()?;
    println!("built: {token:#?}");

    let refused = Token::builder(id.raw()).radius(3.0).build();
    println!("refused: {}", refused.expect_err("3.0 is out of range"));

    let tokens = [token, Token::new(43)];
    let bytes = as_bytes(&tokens);
    println!("{} tokens are {} bytes", tokens.len(), bytes.len());

    let mut damaged = bytes.to_vec();
    damaged[54..58].copy_from_slice(&f32::NAN.to_le_bytes());
    for token in read_unaligned(&damaged)? {
        match token.validate(NOW) {
            Ok(()) => println!("{:?} is valid", token.id()),
            Err(invalid) => println!("{:?} is invalid: {invalid}", token.id()),
        }
    }
    Ok(())
}
