// Snapshots: what is written is read again, and nothing else.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "snapshot/file.hpp"

namespace cache::snapshot {

namespace {

class SnapshotTest : public ::testing::Test {
protected:
    SnapshotTest() {
        std::string name = (std::filesystem::temp_directory_path() / "snapshot-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        shared.with([](Opened& kept) { kept = make(64U << 20U, now); });
    }
    ~SnapshotTest() override {
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }

    static constexpr Instant now{1'000'000};
    static constexpr Instant now_elsewhere{5'000}; // another boot
    static constexpr std::int64_t wall_ms = 1'700'000'000'000;

    static Opened make(std::uint64_t bytes = 64U << 20U, Instant at = now_elsewhere) {
        const Limits limits{.bytes = bytes};
        auto region = PrivateRegion::map(Store::region_bytes(limits));
        auto store = Store::format(**region, limits, at);
        return {std::move(*region), std::move(*store)};
    }
    void set(const std::string& key, const std::string& value, SetOptions options = {},
             const std::string& space = "default") {
        shared.with([&](Opened& kept) {
            ASSERT_EQ(kept.store->set(*kept.store->make_space(space), key, value, options, now),
                      Stored::yes);
        });
    }
    noa::Result<Written> write_now() {
        return write(directory, shared, [] { return Moment{now, wall_ms}; }, {});
    }
    // `later` on the wall's clock, in another life.
    noa::Result<Loaded> load_into(Opened& into, std::chrono::milliseconds later = {}) {
        return load(directory, *into.store, {now_elsewhere, wall_ms + later.count()},
                    [] { return false; });
    }
    static std::string get(Opened& of, const std::string& key,
                           const std::string& space = "default") {
        const auto value = of.store->find(*of.store->space(space), key, now_elsewhere);
        return value ? std::string(value->bytes) : "-";
    }
    std::filesystem::path file() const { return std::filesystem::path(directory) / file_name; }
    std::string content() const {
        std::ifstream in(file(), std::ios::binary);
        return (std::stringstream() << in.rdbuf()).str();
    }
    void replace(const std::string& bytes) const {
        std::ofstream(file(), std::ios::binary | std::ios::trunc) << bytes;
    }

    std::string directory;
    Shared<Opened> shared;
};

TEST_F(SnapshotTest, KeepsValuesTypesEndsAndNamespaces) {
    set("plain", "1");
    set("json", "{}", {.type = Type::json});
    set("ends", "x", {.end = now + Instant(60'000), .load_ms = 7, .grace_ms = 500});
    set("soon", "y", {.end = now + Instant(1'000)});
    set("plain", "other", {}, "space");
    set(std::string("\0\xff", 2), "binary");
    ASSERT_TRUE(write_now());

    Opened after = make();
    const auto loaded = load_into(after, std::chrono::seconds(10));
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->entries, 5U);
    EXPECT_EQ(loaded->expired, 1U);
    EXPECT_EQ(loaded->written_ms, wall_ms);
    EXPECT_EQ(get(after, "plain"), "1");
    EXPECT_EQ(get(after, "plain", "space"), "other");
    EXPECT_EQ(get(after, std::string("\0\xff", 2)), "binary");
    EXPECT_EQ(get(after, "soon"), "-");
    const auto json = after.store->find(0, "json", now_elsewhere);
    ASSERT_TRUE(json);
    EXPECT_EQ(json->type, Type::json);
    const auto ends = after.store->find(0, "ends", now_elsewhere);
    ASSERT_TRUE(ends);
    EXPECT_EQ(ends->end, now_elsewhere + Instant(50'000));
    EXPECT_EQ(ends->load_ms, 7U);
    EXPECT_EQ(ends->grace, Instant(500));
}

TEST_F(SnapshotTest, KeepsTagsAndWhatWasInvalidated) {
    const std::string_view user = "user:7";
    const std::string_view page = "page";
    set("dead", "1", {.tags = {&page, 1}});
    shared.with([&](Opened& kept) { kept.store->invalidate(page); });
    set("both", "2", {.tags = std::array{user, page}});
    set("one", "3", {.tags = {&page, 1}});
    ASSERT_TRUE(write_now());

    Opened after = make();
    ASSERT_TRUE(load_into(after));
    EXPECT_EQ(get(after, "dead"), "-");
    EXPECT_EQ(get(after, "both"), "2");
    after.store->invalidate(user);
    EXPECT_EQ(get(after, "both"), "-");
    EXPECT_EQ(get(after, "one"), "3");
    after.store->invalidate(page);
    EXPECT_EQ(get(after, "one"), "-");
}

TEST_F(SnapshotTest, KeepsManyAndLargeOnes) {
    for (int number = 0; number < 20'000; ++number) {
        set("key" + std::to_string(number), std::string(100, 'v'));
    }
    set("large", std::string(3'000'000, 'l'));
    const auto written = write_now();
    ASSERT_TRUE(written);
    EXPECT_EQ(written->entries, 20'001U);
    EXPECT_EQ(written->bytes, std::filesystem::file_size(file()));

    Opened after = make();
    const auto loaded = load_into(after);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->entries, 20'001U);
    EXPECT_EQ(loaded->left_out, 0U);
    EXPECT_EQ(get(after, "large").size(), 3'000'000U);
    EXPECT_EQ(after.store->entries(), 20'001U);
}

TEST_F(SnapshotTest, OneThatIsTornAnywhereIsNotLoaded) {
    set("a", "1", {.end = now + Instant(60'000)});
    const std::string_view tag = "t";
    set("b", "2", {.tags = {&tag, 1}});
    ASSERT_TRUE(write_now());
    const std::string whole = content();
    for (std::size_t size = 0; size < whole.size(); size += size < 300 ? 1 : 977) {
        replace(whole.substr(0, size));
        Opened after = make();
        const auto loaded = load_into(after);
        ASSERT_FALSE(loaded) << size;
        EXPECT_EQ(after.store->entries(), 0U);
        EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(directory) / aside_name));
        EXPECT_FALSE(std::filesystem::exists(file()));
    }
    replace(whole + "x");
    Opened after = make();
    EXPECT_FALSE(load_into(after));
}

TEST_F(SnapshotTest, OneChangedByteIsSeen) {
    set("a", "1");
    ASSERT_TRUE(write_now());
    const std::string whole = content();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        if (at >= file_head_bytes - 4 && at < file_head_bytes) {
            continue; // says nothing yet
        }
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        replace(changed);
        Opened after = make();
        EXPECT_FALSE(load_into(after)) << at;
        EXPECT_EQ(after.store->entries(), 0U);
    }
}

TEST_F(SnapshotTest, AnotherVersionSaysSo) {
    set("a", "1");
    ASSERT_TRUE(write_now());
    std::string newer = content();
    newer[file_magic.size()] = 2;
    replace(newer);
    Opened after = make();
    const auto loaded = load_into(after);
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().text, "the snapshot is of another version");
}

TEST_F(SnapshotTest, WithoutOneThereIsNothingToLoad) {
    Opened after = make();
    EXPECT_EQ(load_into(after).error().status, NOA_E_NOT_FOUND);
}

TEST_F(SnapshotTest, OneThatIsStoppedLeavesTheFormerOne) {
    set("a", "1");
    ASSERT_TRUE(write_now());
    set("a", "2");
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(write(
        directory, shared,
        [] {
            return Moment{now, wall_ms};
        },
        stop.get_token()));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory), {}), 1);
    Opened after = make();
    ASSERT_TRUE(load_into(after));
    EXPECT_EQ(get(after, "a"), "1");
}

TEST_F(SnapshotTest, WhatDoesNotFitIsLeftOut) {
    for (int number = 0; number < 100; ++number) {
        set("key" + std::to_string(number), std::string(100'000, 'v'));
    }
    set("large", std::string(3'000'000, 'l'));
    ASSERT_TRUE(write_now());
    Opened after = make(4U << 20U);
    const auto loaded = load_into(after);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->left_out, 1U);
    EXPECT_LE(after.store->bytes(), 4U << 20U);
}

TEST_F(SnapshotTest, LoadingEndsWhenItIsEnough) {
    for (int number = 0; number < 10'000; ++number) {
        set("key" + std::to_string(number), "v");
    }
    ASSERT_TRUE(write_now());
    Opened after = make();
    const auto loaded =
        load(directory, *after.store, {now_elsewhere, wall_ms}, [] { return true; });
    ASSERT_TRUE(loaded);
    EXPECT_LT(loaded->entries, 5'000U);
    EXPECT_GE(loaded->entries + loaded->left_out, 10'000U);
}

} // namespace

} // namespace cache::snapshot
