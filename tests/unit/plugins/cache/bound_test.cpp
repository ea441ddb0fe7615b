// What the store takes, and gives back.
#include <random>

#include "store_rig.hpp"

namespace cache {
namespace {

using namespace std::chrono_literals;

class Bound : public StoreTest {
protected:
    // A day of writes, in which what is usual changes from hour to hour.
    void churn(std::uint64_t bytes, unsigned hours, unsigned writes) {
        make({.bytes = bytes});
        std::mt19937_64 random(5);
        for (unsigned hour = 0; hour < hours; ++hour) {
            const std::uint64_t usual = std::uint64_t{16} << (hour * 5 % 12);
            for (unsigned write = 0; write < writes; ++write) {
                const std::string key = std::to_string(random() % 50'000);
                const std::string value(random() % usual + (random() % 100 == 0 ? 40'000 : 0), 'v');
                SetOptions options;
                if (random() % 3 == 0) {
                    options.end = now_ + Instant(random() % 3'600'000);
                }
                ASSERT_EQ(set(key, value, options), Stored::yes);
                ASSERT_LE(store_->bytes(), bytes);
                if (random() % 4 == 0) {
                    store_->erase(0, std::to_string(random() % 50'000), now_);
                }
            }
            now_ += 1h;
            while (store_->upkeep(now_, 100)) {}
            const std::uint64_t in_slots = store_->figures(0)->bytes;
            EXPECT_LE(store_->bytes(), in_slots * 4 / 3 + (bytes / 4)) << "after hour " << hour;
        }
    }
};

TEST_F(Bound, HoldsThroughDaysOfChangingSizes) {
    churn(16U << 20U, 48, 2000);
}

TEST_F(Bound, HoldsInTheSmallestStore) {
    make({.bytes = least_store_bytes});
    std::mt19937_64 random(6);
    for (unsigned write = 0; write < 30'000; ++write) {
        const std::size_t size = random() % (random() % 20 == 0 ? 200'000 : 1000);
        ASSERT_EQ(set(std::to_string(random() % 3000), std::string(size, 'v')), Stored::yes)
            << size;
        ASSERT_LE(store_->bytes(), least_store_bytes);
    }
}

TEST_F(Bound, AnEntryTakesLittleMoreThanItsBytes) {
    constexpr unsigned count = 250'000; // the index is as full as with four times as many
    for (const bool ends : {false, true}) {
        make({.bytes = 128U << 20U});
        for (unsigned at = 0; at < count; ++at) {
            std::string key = std::to_string(at);
            key.insert(0, 16 - key.size(), 'k');
            SetOptions options;
            if (ends) {
                options.end = now_ + 1h;
            }
            set(key, std::string(100, 'v'), options);
        }
        EXPECT_LT(store_->bytes() / count, ends ? 160U : 150U);
    }
}

TEST_F(Bound, GivesBackWhatExpiredTogether) {
    make({.bytes = 128U << 20U});
    const std::uint64_t empty = store_->bytes();
    for (unsigned at = 0; at < 200'000; ++at) {
        set(std::to_string(at), std::string(100, 'v'), {.end = now_ + 60s});
    }
    now_ += 60s + 128ms;
    unsigned slices = 0;
    while (store_->upkeep(now_, 1000)) {
        ASSERT_LT(++slices, 500U);
    }
    EXPECT_EQ(store_->entries(), 0U);
    EXPECT_LT(store_->bytes(), empty + 3'000'000) << "the sketch keeps its size";
}

TEST_F(Bound, GathersWhatIsLeftOfManySlabs) {
    make({.bytes = 64U << 20U});
    for (unsigned at = 0; at < 100'000; ++at) {
        set(std::to_string(at), std::string(200, 'v'),
            {.end = now_ + (at % 10 == 0 ? Instant(1h) : Instant(60s))});
    }
    const std::uint64_t full = store_->bytes();
    now_ += 61s;
    keep_up();
    EXPECT_EQ(store_->entries(), 10'000U);
    EXPECT_LT(store_->bytes(), full / 4) << "nine of ten are gone from each slab";
    for (unsigned at = 0; at < 100'000; at += 10) {
        ASSERT_TRUE(has(std::to_string(at)));
    }
}

TEST_F(Bound, EvictsToALowerLimit) {
    make({.bytes = 32U << 20U});
    for (unsigned at = 0; at < 50'000; ++at) {
        set(std::to_string(at), std::string(300, 'v'));
    }
    store_->limit({.bytes = 4U << 20U});
    EXPECT_EQ(set("at once", "x"), Stored::yes);
    keep_up();
    EXPECT_LE(store_->bytes(), 4U << 20U);
    EXPECT_GT(store_->entries(), 8000U);
    store_->limit({.bytes = 64U << 20U, .entries = 100});
    keep_up();
    EXPECT_EQ(store_->entries(), 100U);
}

// Has no memory to give, and takes none back.
class Stubborn final : public Region {
public:
    explicit Stubborn(Region& real) {
        base_ = real.base();
        size_ = real.size();
    }
    noa::Status grow(std::uint64_t size) override {
        return size <= size_ ? noa::Status() : noa::failed("no memory");
    }
    bool release(std::uint64_t /*offset*/, std::uint64_t /*size*/) noexcept override {
        return false;
    }
};

TEST_F(Bound, LivesWithARegionThatDoesNotGrowOrTakeBack) {
    auto real = PrivateRegion::map(3U << 20U);
    ASSERT_TRUE(real);
    Stubborn region(**real);
    auto store = Store::format(region, {.bytes = 1U << 30U}, now_);
    ASSERT_TRUE(store) << store.error().text;
    std::mt19937_64 random(8);
    unsigned refused = 0;
    for (unsigned write = 0; write < 20'000; ++write) {
        const std::string value(random() % (random() % 50 == 0 ? 100'000 : 2000), 'v');
        refused += (*store)->set(0, std::to_string(write), value, {}, now_) != Stored::yes ? 1 : 0;
        ASSERT_LE((*store)->bytes(), region.size());
    }
    EXPECT_LT(refused, 100U);
    (*store)->upkeep(now_, 1000);
    EXPECT_GT((*store)->entries(), 500U);
}

TEST_F(Bound, IsOpenedAtOnceHoweverMuchIsInIt) {
    make({.bytes = 64U << 20U});
    for (unsigned at = 0; at < 100'000; ++at) {
        set(std::to_string(at), "v");
    }
    const std::uint64_t bytes = store_->bytes();
    move_on();
    EXPECT_EQ(store_->entries(), 100'000U);
    EXPECT_EQ(store_->bytes(), bytes);
    EXPECT_EQ(get("99999"), "v");
}

TEST_F(Bound, IsNotOpenedOnSomethingElse) {
    make();
    store_.reset();
    auto& header = *reinterpret_cast<Header*>(region_->base() + header_offset);
    for (const auto& damage : {+[](Header& it) { it.magic = 0; }, +[](Header& it) { ++it.version; },
                               +[](Header& it) { --it.header_bytes; },
                               +[](Header& it) { it.pages.frontier = UINT32_MAX; }}) {
        const Header before = header;
        damage(header);
        EXPECT_FALSE(Store::open(*region_));
        header = before;
    }
    EXPECT_TRUE(Store::open(*region_));
    auto small = PrivateRegion::map(page_bytes);
    EXPECT_FALSE(Store::open(**small));
    EXPECT_FALSE(Store::format(**small, {}, now_));
}

} // namespace
} // namespace cache
