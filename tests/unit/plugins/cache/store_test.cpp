#include <map>
#include <random>
#include <set>

#include "store_rig.hpp"

namespace cache {
namespace {

using namespace std::chrono_literals;

std::string number(std::uint64_t value) {
    return "key:" + std::to_string(value);
}

TEST_F(StoreTest, KeepsTheLastValue) {
    make();
    EXPECT_EQ(set("a", "1"), Stored::yes);
    EXPECT_EQ(set("a", "22"), Stored::yes);
    EXPECT_EQ(set("a", std::string(100'000, 'x')), Stored::yes);
    EXPECT_EQ(get("a"), std::string(100'000, 'x'));
    EXPECT_EQ(set("a", ""), Stored::yes);
    EXPECT_EQ(get("a"), "");
    EXPECT_EQ(get("b"), "-");
    EXPECT_EQ(store_->entries(), 1U);
    EXPECT_EQ(store_->figures().hits, 2U);
    EXPECT_EQ(store_->figures().misses, 1U);
}

TEST_F(StoreTest, TakesKeysAndValuesOfAnySizeAndContent) {
    make({.bytes = 256U << 20U});
    std::map<std::string, std::string> all;
    for (std::size_t size = 0; size <= longest_key; size = size < 300 ? size + 1 : size * 2) {
        const std::string key = std::string(size, '\0') + "\n";
        all[key.substr(0, longest_key)] = std::string(size * 7 % 70'000, '\xff');
    }
    for (std::size_t size = 1; size <= 16U << 20U; size = size * 9 / 8 + 1) {
        all[number(size)] = std::string(size, 'v');
    }
    for (const auto& [key, value] : all) {
        ASSERT_EQ(set(key, value), Stored::yes) << value.size();
    }
    for (const auto& [key, value] : all) {
        ASSERT_EQ(get(key), value);
    }
    EXPECT_EQ(set(std::string(longest_key + 1, 'k'), ""), Stored::too_large);
    EXPECT_EQ(set("large", std::string(longest_value + 1, 'k')), Stored::too_large);
}

TEST_F(StoreTest, KeepsValuesOfDifferentTypesApart) {
    make();
    for (const Type type : {Type::string, Type::json, Type::hash, Type::list, Type::set}) {
        set("a", "v", {.type = type});
        EXPECT_EQ(store_->find(0, "a", now_)->type, type);
    }
}

TEST_F(StoreTest, SetsWhenItIsAskedTo) {
    make();
    EXPECT_EQ(set("a", "1", {.when = When::present}), Stored::no);
    EXPECT_EQ(set("a", "1", {.when = When::absent}), Stored::yes);
    EXPECT_EQ(set("a", "2", {.when = When::absent}), Stored::no);
    EXPECT_EQ(set("a", "3", {.when = When::present}), Stored::yes);
    EXPECT_EQ(get("a"), "3");
}

TEST_F(StoreTest, EndsALifeAtItsMoment) {
    make();
    set_for("a", "1", 10s);
    now_ += 9999ms;
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(set("a", "2", {.keep = Keep::end}), Stored::yes);
    now_ += 1ms;
    EXPECT_EQ(get("a"), "-");
    EXPECT_EQ(store_->entries(), 0U) << "seen dead, it is freed";
    EXPECT_EQ(store_->figures().expirations, 1U);
    EXPECT_EQ(store_->next_due(), std::nullopt);
}

TEST_F(StoreTest, ChangesTheEndOfALife) {
    make();
    set_for("a", "value", 10s);
    EXPECT_TRUE(store_->change_end(0, "a", now_ + 20s, now_));
    EXPECT_EQ(store_->find(0, "a", now_)->end, now_ + 20s);
    EXPECT_TRUE(store_->change_end(0, "a", std::nullopt, now_));
    EXPECT_EQ(store_->find(0, "a", now_)->end, std::nullopt);
    EXPECT_EQ(store_->next_due(), std::nullopt);
    EXPECT_TRUE(store_->change_end(0, "a", now_ + 5s, now_));
    EXPECT_EQ(get("a"), "value");
    EXPECT_FALSE(store_->change_end(0, "b", std::nullopt, now_));
    now_ += 5s;
    EXPECT_FALSE(store_->change_end(0, "a", std::nullopt, now_));
}

TEST_F(StoreTest, FreesTheDeadByItself) {
    make();
    std::mt19937 random(1);
    std::map<std::uint64_t, Instant> ends;
    for (unsigned at = 0; at < 5000; ++at) {
        ends[at] = Instant(random() % 10'000'000 + 1);
        set(number(at), "x", {.end = now_ + ends[at]});
    }
    const Instant start = now_;
    for (const Instant step : {1ms, 100ms, 10'000ms, 500'000ms, 4'000'000ms, 9'000'000ms}) {
        now_ = start + step;
        keep_up();
        std::size_t alive = 0;
        for (const auto& [at, end] : ends) {
            alive += end > step ? 1 : 0;
            EXPECT_EQ(has(number(at)), end > step);
        }
        EXPECT_GE(store_->entries(), alive);
        EXPECT_LE(store_->entries(), alive + 20) << "at most a tick late";
    }
}

TEST_F(StoreTest, KnowsWhenTheNextEndIs) {
    make();
    for (const Instant life :
         {1ms, 127ms, 1000ms, 8192ms, 100'000ms, 86'400'000ms, Instant(315'360'000'000)}) {
        set_for("a", "x", life);
        unsigned rounds = 0;
        for (; store_->entries() > 0 && rounds < 10; ++rounds) {
            const auto due = store_->next_due();
            ASSERT_TRUE(due);
            now_ = std::max(now_, *due);
            keep_up();
        }
        EXPECT_EQ(store_->entries(), 0U) << life.count() << ": after " << rounds;
        EXPECT_FALSE(store_->next_due());
    }
}

TEST_F(StoreTest, ShowsTheStaleToThoseWhoTakeIt) {
    make();
    set("a", "old", {.end = now_ + 10s, .load_ms = 70, .grace_ms = 5000});
    EXPECT_EQ(store_->find(0, "a", now_)->end, now_ + 10s);
    EXPECT_EQ(store_->find(0, "a", now_)->load_ms, 70U);
    now_ += 10s;
    EXPECT_EQ(get("a"), "-");
    EXPECT_FALSE(has("a"));
    EXPECT_EQ(store_->get_stale(0, "a", now_)->bytes, "old");
    EXPECT_EQ(set("a", "x", {.when = When::present}), Stored::no) << "to others it is dead";
    now_ += 5s;
    EXPECT_FALSE(store_->get_stale(0, "a", now_));
}

TEST_F(StoreTest, KeepsWhatBelongsToTheValueBefore) {
    make();
    const std::string_view tags[] = {"red"};
    set("a", "1", {.end = now_ + 10s, .tags = tags, .load_ms = 3, .grace_ms = 1000});
    set("a", std::string(1000, 'x'), {.type = Type::list, .keep = Keep::all});
    EXPECT_EQ(store_->find(0, "a", now_)->end, now_ + 10s);
    EXPECT_EQ(store_->find(0, "a", now_)->grace, 1s);
    EXPECT_EQ(store_->find(0, "a", now_)->load_ms, 3U);
    EXPECT_EQ(store_->find(0, "a", now_)->type, Type::list);
    set("a", "2", {.keep = Keep::end});
    EXPECT_EQ(store_->find(0, "a", now_)->end, now_ + 10s);
    EXPECT_EQ(store_->find(0, "a", now_)->grace, 0s);
    store_->invalidate("red");
    EXPECT_TRUE(has("a")) << "it has no tag any more";
    set("b", "1", {.keep = Keep::all});
    EXPECT_EQ(store_->find(0, "b", now_)->end, std::nullopt);
}

TEST_F(StoreTest, ForgetsByTag) {
    make();
    const std::string_view red[] = {"red"};
    const std::string_view both[] = {"red", "blue"};
    store_->invalidate("red"); // nothing has one
    set("a", "1", {.tags = red});
    set("b", "2", {.tags = both});
    set("c", "3");
    store_->invalidate("green");
    EXPECT_TRUE(has("a"));
    store_->invalidate("blue");
    EXPECT_TRUE(has("a"));
    EXPECT_FALSE(has("b"));
    set("b", "4", {.tags = both});
    EXPECT_EQ(get("b"), "4") << "set after it";
    store_->invalidate("red");
    EXPECT_EQ(get("a"), "-");
    now_ += 1h;
    keep_up();
    EXPECT_EQ(store_->entries(), 1U);
    EXPECT_EQ(get("c"), "3");
    EXPECT_EQ(store_->figures().invalidations, 3U);
}

TEST_F(StoreTest, KeepsNamespacesApart) {
    make();
    const SpaceId other = *store_->make_space("other");
    EXPECT_EQ(store_->make_space("other"), other);
    EXPECT_EQ(store_->space("nobody"), std::nullopt);
    set("a", "1");
    store_->set(other, "a", "2", {}, now_);
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(get("a", other), "2");
    store_->flush(other, now_);
    EXPECT_EQ(get("a", other), "-");
    EXPECT_EQ(get("a"), "1");
    EXPECT_EQ(store_->entries(), 1U) << "at once to see";
    store_->set(other, "a", "3", {}, now_);
    keep_up();
    EXPECT_EQ(get("a", other), "3");
    EXPECT_EQ(store_->figures(other)->entries, 1U);
    for (unsigned at = 2; at < most_spaces; ++at) {
        EXPECT_TRUE(store_->make_space(number(at)));
    }
    EXPECT_FALSE(store_->make_space("one too many"));
}

TEST_F(StoreTest, IsFlushedMoreOftenThanItIsSwept) {
    make();
    for (unsigned round = 0; round < 1000; ++round) {
        set("a", "1");
        store_->flush(0, now_);
        EXPECT_FALSE(has("a"));
    }
    keep_up();
    EXPECT_EQ(store_->entries(), 0U);
}

TEST_F(StoreTest, EvictsWithinANamespaceOverItsQuota) {
    make();
    const SpaceId small = *store_->make_space("small");
    store_->quota(small, 100'000);
    set("bystander", "x");
    for (unsigned at = 0; at < 2000; ++at) {
        store_->set(small, number(at), std::string(100, 'x'), {}, now_);
        ASSERT_LE(store_->figures(small)->bytes, 100'000U);
    }
    EXPECT_GT(store_->figures(small)->entries, 500U);
    EXPECT_TRUE(has("bystander"));
    EXPECT_EQ(store_->set(small, "big", std::string(100'000, 'x'), {}, now_), Stored::too_large);
}

TEST_F(StoreTest, ScansEverythingThatStaysWhileItChanges) {
    make();
    std::mt19937 random(3);
    for (unsigned at = 0; at < 20'000; ++at) {
        set(number(at), "x");
    }
    std::set<std::string> seen;
    std::uint64_t cursor = 0;
    unsigned steps = 0;
    do {
        cursor =
            store_->scan(0, cursor, now_, [&](const Shown& entry) { seen.emplace(entry.key); });
        const std::uint64_t other =
            1000 + random() % 40'000; // grows and shrinks, but the first 1000
        if (++steps / 400 % 2 == 0) {
            set(number(other), "y");
        } else {
            for (unsigned more = 0; more < 60; ++more) {
                store_->erase(0, number(other + more), now_);
            }
        }
    } while (cursor != 0);
    for (unsigned at = 0; at < 1000; ++at) {
        EXPECT_TRUE(seen.contains(number(at))) << at;
    }
}

TEST_F(StoreTest, FindsAnyKey) {
    make();
    EXPECT_FALSE(store_->random_key(0, 12345, now_));
    std::set<std::string> found;
    for (unsigned at = 0; at < 10; ++at) {
        set(number(at), "x");
    }
    std::mt19937_64 random(3);
    for (unsigned round = 0; round < 1000; ++round) {
        found.emplace(*store_->random_key(0, random(), now_));
    }
    EXPECT_EQ(found.size(), 10U);
}

// Against a model, with all that can happen to an entry.
TEST_F(StoreTest, DoesWhatAMapDoes) {
    make({.bytes = 64U << 20U});
    std::mt19937 random(7);
    struct Kept {
        std::string value;
        Instant end;
    };
    std::map<std::string, Kept> model;
    for (unsigned step = 0; step < 200'000; ++step) {
        const std::string key = number(random() % 5000);
        const auto known = model.find(key);
        const bool there = known != model.end() && known->second.end > now_;
        switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
            const std::string value(random() % (random() % 50 == 0 ? 60'000 : 400), 'a');
            const Instant end =
                random() % 2 == 0 ? Instant::max() : now_ + Instant(random() % 9999);
            SetOptions options;
            if (end != Instant::max()) {
                options.end = end;
            }
            ASSERT_EQ(set(key, value, options), Stored::yes);
            model[key] = {value, end};
            break;
        }
        case 3:
            ASSERT_EQ(store_->erase(0, key, now_), there);
            model.erase(key);
            break;
        case 4: {
            const Instant end =
                random() % 2 == 0 ? Instant::max() : now_ + Instant(random() % 9999);
            ASSERT_EQ(store_->change_end(
                          0, key, end == Instant::max() ? std::nullopt : std::optional(end), now_),
                      there);
            if (there) {
                known->second.end = end;
            }
            break;
        }
        case 5:
            now_ += Instant(random() % 5);
            store_->upkeep(now_, 20);
            break;
        default: ASSERT_EQ(get(key), there ? known->second.value : "-") << step;
        }
        if (step % 50'000 == 0) {
            move_on();
        }
    }
    EXPECT_EQ(store_->figures().evictions, 0U);
}

// What once had to lie further on leaves no trace: look-ups would go further and further for it.
TEST_F(StoreTest, AnIndexThatWasFullPassesNobodyOnOnceItIsEmpty) {
    make();
    const Memory memory(*region_);
    const auto passed = [&] {
        const IndexHead& head = memory.header().index;
        std::uint64_t sum = 0;
        for (std::uint64_t at = 0; at < std::uint64_t{1} << head.depth; ++at) {
            const auto* page =
                memory.page_data<Bucket>(memory.page_data<PageNumber>(head.directory)[at]);
            for (unsigned bucket = 0; bucket < Index::buckets; ++bucket) {
                sum += page[bucket].passed;
            }
        }
        return sum;
    };
    for (int number = 0; number < 20'000; ++number) {
        set("key" + std::to_string(number), "v");
    }
    EXPECT_GT(passed(), 0U);
    for (int number = 0; number < 20'000; ++number) {
        ASSERT_TRUE(store_->erase(0, "key" + std::to_string(number), now_));
    }
    EXPECT_EQ(passed(), 0U);
}

} // namespace
} // namespace cache
