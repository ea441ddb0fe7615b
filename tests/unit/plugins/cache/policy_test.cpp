// Who stays: hit rates on traces that tell policies apart.
#include <cmath>
#include <functional>
#include <random>

#include "store_rig.hpp"

namespace cache {
namespace {

class HitRate : public StoreTest {
protected:
    // In percent, of a cache of `size` entries.
    double rate(std::uint64_t size, unsigned requests, const std::function<std::uint64_t()>& next) {
        make({.bytes = 64U << 20U, .entries = size});
        return play(requests, next);
    }
    double play(unsigned requests, const std::function<std::uint64_t()>& next) {
        unsigned hits = 0;
        for (unsigned request = 0; request < requests; ++request) {
            const std::string key = std::to_string(next());
            if (store_->get(0, key, now_)) {
                ++hits;
            } else {
                set(key, "v");
            }
        }
        EXPECT_LE(store_->entries(), store_->limits().entries);
        return 100.0 * hits / requests;
    }
};

TEST_F(HitRate, OfALoopLargerThanTheCacheIsNearlyTheBest) {
    std::uint64_t at = 0;
    EXPECT_GT(rate(512, 100'000, [&] { return at++ % 1000; }), 40) << "LRU: 0; the best: 51";
}

TEST_F(HitRate, IsNotHurtByScans) {
    std::mt19937_64 random(1);
    std::uint64_t scan = 1'000'000;
    // Half of all requests are for 500 keys; the other half is never seen again.
    EXPECT_GT(rate(600, 100'000, [&] { return random() % 2 == 0 ? random() % 500 : scan++; }), 45)
        << "LRU: 22";
}

TEST_F(HitRate, FollowsWhatIsPopularNow) {
    std::mt19937_64 random(1);
    unsigned request = 0;
    EXPECT_GT(rate(500, 200'000, [&] { return ++request / 50'000 * 10'000 + random() % 400; }), 90);
}

TEST_F(HitRate, OfAZipfIsThatOfTheFrequent) {
    std::mt19937_64 random(1);
    std::vector<double> sums;
    double sum = 0;
    for (unsigned rank = 1; rank <= 100'000; ++rank) {
        sums.push_back(sum += 1 / std::pow(rank, 0.9));
    }
    std::uniform_real_distribution<double> uniform(0, sum);
    const double best = 100 * sums[999] / sum;
    const double reached = rate(1000, 300'000, [&] {
        return static_cast<std::uint64_t>(std::ranges::lower_bound(sums, uniform(random)) -
                                          sums.begin());
    });
    EXPECT_GT(reached, best - 5);
}

TEST_F(HitRate, OfTheRecentGrowsTheWindow) {
    std::mt19937_64 random(1);
    std::uint64_t newest = 0;
    // Each key is asked for a few times soon after it came, and then never more.
    const auto next = [&] {
        return random() % 4 == 0 ? ++newest : newest - std::min(newest, random() % 700);
    };
    make({.bytes = 64U << 20U, .entries = 1000});
    EXPECT_LT(play(20'000, next), 35);
    play(160'000, next);
    EXPECT_GT(play(100'000, next), 60) << "of 75 at best";
}

TEST_F(HitRate, SurvivesAReload) {
    std::mt19937_64 random(1);
    make({.bytes = 64U << 20U, .entries = 500});
    std::uint64_t scan = 1'000'000;
    const auto next = [&] { return random() % 2 == 0 ? random() % 400 : scan++; };
    play(100'000, next);
    move_on();
    EXPECT_GT(play(2000, next), 45);
}

} // namespace
} // namespace cache
