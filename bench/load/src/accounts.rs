//! Which accounts money is moved between.

/// Draws account numbers: all alike, or a few of them most of the time.
pub(crate) struct Accounts {
    count: u32,
    /// Of account i: the probability of drawing 0 to i. Empty if all are alike.
    cumulated: Vec<f64>,
    state: u64,
}

impl Accounts {
    /// `exponent` is that of Zipf's law; 0 for none. At least two accounts, or no transfer is possible.
    pub(crate) fn new(count: u32, exponent: f64, seed: u64) -> Self {
        let mut cumulated = Vec::new();
        if exponent > 0.0 {
            let mut sum = 0.0;
            cumulated.extend((1..=count).map(|rank| {
                sum += f64::from(rank).powf(-exponent);
                sum
            }));
            cumulated.iter_mut().for_each(|value| *value /= sum);
        }
        Self { count: count.max(2), cumulated, state: seed }
    }

    /// Two different accounts.
    pub(crate) fn pair(&mut self) -> (u32, u32) {
        let from = self.draw();
        loop {
            let to = self.draw();
            if to != from {
                return (from, to);
            }
        }
    }

    fn draw(&mut self) -> u32 {
        let random = self.random();
        if self.cumulated.is_empty() {
            return u32::try_from((u128::from(random) * u128::from(self.count)) >> 64).unwrap_or(0);
        }
        // 53 bits: what a float between 0 and 1 holds.
        #[expect(clippy::cast_precision_loss, reason = "shifted to fit")]
        let at = (random >> 11) as f64 / (1_u64 << 53) as f64;
        let account = self.cumulated.partition_point(|upper| *upper <= at);
        u32::try_from(account).unwrap_or(u32::MAX).min(self.count - 1)
    }

    /// SplitMix64: every run draws the same.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of_first(exponent: f64) -> f64 {
        let mut accounts = Accounts::new(1000, exponent, 7);
        let draws = (0..100_000).map(|_| accounts.draw()).inspect(|account| assert!(*account < 1000));
        f64::from(u32::try_from(draws.filter(|account| *account == 0).count()).unwrap()) / 100_000.0
    }

    #[test]
    fn shares_follow_the_law() {
        assert!((share_of_first(0.0) - 0.001).abs() < 0.0005);
        // 1 / the sum of k^-1.5 for k to 1000.
        assert!((share_of_first(1.5) - 0.392).abs() < 0.01);
    }

    #[test]
    fn pairs_are_of_different_accounts() {
        let mut accounts = Accounts::new(2, 1.5, 1);
        assert!((0..1000).all(|_| matches!(accounts.pair(), (0, 1) | (1, 0))));
    }
}
