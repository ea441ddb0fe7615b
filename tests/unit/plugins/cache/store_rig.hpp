// A store in memory of the test's, on a clock that the test moves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "store/store.hpp"

namespace cache {

class StoreTest : public ::testing::Test {
protected:
    void make(const Limits& limits = {}) {
        auto region = PrivateRegion::map(Store::region_bytes(limits));
        ASSERT_TRUE(region) << region.error().text;
        region_ = std::move(*region);
        auto store = Store::format(*region_, limits, now_);
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
    }
    // The next generation: what lies in the region, elsewhere in memory.
    void move_on() {
        auto region = PrivateRegion::map(region_->size());
        ASSERT_TRUE(region);
        std::memcpy((*region)->base(), region_->base(), region_->size());
        const Limits limits = store_->limits();
        store_.reset();
        region_ = std::move(*region);
        auto store = Store::open(*region_);
        ASSERT_TRUE(store) << store.error().text;
        store_ = std::move(*store);
        store_->limit(limits);
    }

    Stored set(const std::string& key, const std::string& value, SetOptions options = {}) {
        return store_->set(0, key, value, options, now_);
    }
    Stored set_for(const std::string& key, const std::string& value, Instant life) {
        return set(key, value, {.end = now_ + life});
    }
    // "-": none.
    std::string get(const std::string& key, SpaceId space = 0) {
        const auto value = store_->get(space, key, now_);
        return value ? std::string(value->bytes) : "-";
    }
    bool has(const std::string& key, SpaceId space = 0) {
        return store_->find(space, key, now_).has_value();
    }
    void keep_up() {
        while (store_->upkeep(now_, 1000)) {}
    }

    Instant now_{1'000'000};
    std::unique_ptr<Region> region_;
    std::unique_ptr<Store> store_;
};

} // namespace cache
