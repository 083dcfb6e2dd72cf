use ng_token::{BytesError, Token, as_bytes, as_bytes_mut};
use ng_token::{read_unaligned, try_tokens, try_tokens_mut};
use proptest::prelude::*;

use crate::any;

/// Room for `tokens` at `offset` bytes past an aligned address.
fn at_offset(tokens: &[Token], offset: usize) -> Vec<Token> {
    let mut room = vec![Token::ZERO; tokens.len() + 1];
    as_bytes_mut(&mut room)[offset..][..size_of_val(tokens)].copy_from_slice(as_bytes(tokens));
    room
}

#[test]
fn a_wrong_length_is_refused() {
    let mut room = [Token::ZERO; 3];
    for len in (1..=130).filter(|len| len % 64 != 0) {
        let error = BytesError::Length { len };
        assert_eq!(try_tokens(&as_bytes(&room)[..len]), Err(error));
        assert_eq!(read_unaligned(&as_bytes(&room)[..len]).unwrap_err(), error);
        assert_eq!(
            try_tokens_mut(&mut as_bytes_mut(&mut room)[..len]),
            Err(error)
        );
        assert_eq!(
            error.to_string(),
            format!("byte length {len}, expected a multiple of 64")
        );
    }
}

#[test]
fn a_misaligned_start_is_refused() {
    let mut room = [Token::ZERO; 3];
    for excess in 1..64 {
        let error = BytesError::Misaligned { excess };
        assert_eq!(try_tokens(&as_bytes(&room)[excess..][..128]), Err(error));
        assert_eq!(
            try_tokens_mut(&mut as_bytes_mut(&mut room)[excess..][..128]),
            Err(error)
        );
        assert_eq!(
            error.to_string(),
            format!(
                "bytes begin {excess} past an address that is a multiple of 64, expected 0 past"
            )
        );
    }
}

#[test]
fn no_bytes_are_no_tokens_wherever_they_lie() {
    let mut room = [Token::ZERO; 1];
    for offset in 0..64 {
        let nothing = offset..offset;
        assert_eq!(try_tokens(&as_bytes(&room)[nothing.clone()]), Ok(&[][..]));
        assert_eq!(
            read_unaligned(&as_bytes(&room)[nothing.clone()])
                .unwrap()
                .len(),
            0
        );
        assert_eq!(
            try_tokens_mut(&mut as_bytes_mut(&mut room)[nothing]),
            Ok(&mut [][..])
        );
    }
}

#[test]
fn views_copy_nothing() {
    let tokens = [Token::new(1), Token::new(2)];
    let bytes = as_bytes(&tokens);
    assert_eq!(bytes.as_ptr().addr(), tokens.as_ptr().addr());
    assert_eq!(try_tokens(bytes).unwrap().as_ptr(), tokens.as_ptr());
    assert_eq!(tokens[1].as_bytes(), &bytes[64..]);
}

#[test]
fn changes_through_a_view_change_the_tokens() {
    let mut tokens = [Token::ZERO; 2];
    as_bytes_mut(&mut tokens)[64..].copy_from_slice(Token::new(5).as_bytes());
    assert_eq!(tokens, [Token::ZERO, Token::new(5)]);
    try_tokens_mut(as_bytes_mut(&mut tokens)).unwrap()[0] = Token::new(6);
    assert_eq!(tokens, [Token::new(6), Token::new(5)]);
}

proptest! {
    #![proptest_config(any::config())]

    #[test]
    fn any_bytes_come_back_through_a_token(bytes in any::record()) {
        let token = Token::from_bytes(&bytes);
        prop_assert_eq!(token.as_bytes(), &bytes);
    }

    #[test]
    fn unaligned_bytes_are_read_as_the_tokens_they_were(
        tokens in prop::collection::vec(any::token(), 0..5),
        offset in 0..64_usize,
    ) {
        let room = at_offset(&tokens, offset);
        let bytes = &as_bytes(&room)[offset..][..tokens.len() * 64];
        let reader = read_unaligned(bytes).unwrap();
        prop_assert_eq!(reader.len(), tokens.len());
        prop_assert_eq!(reader.size_hint(), (tokens.len(), Some(tokens.len())));
        prop_assert_eq!(reader.clone().collect::<Vec<_>>(), tokens.as_slice());
        let reversed: Vec<_> = tokens.iter().rev().copied().collect();
        prop_assert_eq!(reader.clone().rev().collect::<Vec<_>>(), reversed);
        for index in 0..=tokens.len() {
            prop_assert_eq!(reader.clone().nth(index), tokens.get(index).copied());
        }
    }

    #[test]
    fn aligned_bytes_are_the_tokens_they_were(
        tokens in prop::collection::vec(any::token(), 0..5),
    ) {
        prop_assert_eq!(try_tokens(as_bytes(&tokens)), Ok(tokens.as_slice()));
    }
}
