//! Which of several hubs a device gets, by a hash: the same for every process and every version of
//! this handler.
//!
//! Weighted rendezvous hashing: each hub draws as many tickets as its weight is, and the greatest
//! ticket wins. When a hub's weight grows, its first tickets stay, so that the devices that move
//! all move to it.

use sha2::{Digest, Sha256};

/// The greatest ticket of a hub with this weight, 0 for no ticket.
pub(crate) fn greatest_ticket(registration_id: &str, host_name: &str, weight: u8) -> Option<u64> {
    let seed = seed(registration_id, host_name);
    tickets(seed).take(usize::from(weight)).max()
}

fn seed(registration_id: &str, host_name: &str) -> u64 {
    let mut hash = Sha256::new();
    update_lower(&mut hash, registration_id);
    hash.update([0x0A]);
    update_lower(&mut hash, host_name);
    let digest = hash.finalize();
    digest
        .iter()
        .take(8)
        .fold(0, |seed, byte| (seed << 8) | u64::from(*byte))
}

fn update_lower(hash: &mut Sha256, text: &str) {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        hash.update(text.to_ascii_lowercase());
    } else {
        hash.update(text);
    }
}

/// `SplitMix64`.
fn tickets(seed: u64) -> impl Iterator<Item = u64> {
    (1_u64..).map(move |k| {
        let z = seed.wrapping_add(k.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_and_tickets_are_those_of_the_format() {
        for (id, host, expected, first) in [
            (
                "dev-1",
                "contoso-weu-1.azure-devices.net",
                0x9756_ddd0_e029_b9bf,
                &[
                    0xe4fa_0e44_e7a9_5fbf,
                    0xd5df_c812_faa9_854a,
                    0x3afd_783b_add3_33a9,
                ][..],
            ),
            (
                "dev-1",
                "contoso-weu-2.azure-devices.net",
                0xc65b_7bae_29c4_cb34,
                &[0x7906_83d0_a54c_c13b],
            ),
            (
                "DEV-1",
                "CONTOSO-weu-2.azure-devices.net",
                0xc65b_7bae_29c4_cb34,
                &[0x7906_83d0_a54c_c13b],
            ),
            (
                "dev-1",
                "contoso-old.azure-devices.net",
                0x66a3_3bdb_3277_1ee4,
                &[0x45e1_f3c5_dc06_7f53],
            ),
            (
                "WioTerminal",
                "contoso-weu-1.azure-devices.net",
                0x69e9_5082_cb07_7959,
                &[0xacb1_3ab5_4c6c_8074],
            ),
            (
                "küche-1",
                "contoso-old.azure-devices.net",
                0xa3b6_dd51_27a8_4803,
                &[0xbd1d_db5b_9d28_acd9],
            ),
        ] {
            assert_eq!(seed(id, host), expected, "{id} {host}");
            let drawn: Vec<u64> = tickets(expected).take(first.len()).collect();
            assert_eq!(drawn, first, "{id} {host}");
        }
        let drawn: Vec<u64> = tickets(1_234_567).take(3).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_hub_without_weight_has_no_ticket() {
        assert_eq!(greatest_ticket("dev-1", "a", 0), None);
        assert!(greatest_ticket("dev-1", "a", 1) <= greatest_ticket("dev-1", "a", 100));
    }
}
