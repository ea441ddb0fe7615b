#include "plugin/scan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support.hpp"

namespace noa::plugin {
namespace {

using test::broken;

TEST(Scan, AGoodPluginPassesAndIsDescribed) {
    const auto facts = scan(broken("good"), {});
    ASSERT_TRUE(facts) << facts.error().text();
    EXPECT_EQ(facts->abi_major, 1U);
    EXPECT_EQ(facts->abi_minor, 0U);
    EXPECT_EQ(facts->min_host_minor, 0U);
    EXPECT_TRUE(facts->pinning.empty());
}

TEST(Scan, NamesTheLibrariesThatAPluginNeeds) {
    const auto facts = scan(broken("thread_local_kept"), {});
    ASSERT_TRUE(facts) << facts.error().text();
    EXPECT_NE(std::find(facts->needed.begin(), facts->needed.end(), "libstdc++.so.6"),
              facts->needed.end());
}

struct Defect {
    const char* fixture;
    const char* reason; // how it starts
};

class ScanDefect : public testing::TestWithParam<Defect> {};

TEST_P(ScanDefect, IsRefusedNamingFileFieldWantedAndFound) {
    const auto file = broken(GetParam().fixture);
    const auto facts = scan(file, {});
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, Errc::refused);
    EXPECT_EQ(facts.error().attempt, "scan plugin");
    EXPECT_EQ(facts.error().object, file.string());
    EXPECT_TRUE(facts.error().reason.starts_with(GetParam().reason)) << facts.error().reason;
    EXPECT_EQ(facts.error().text().find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, ScanDefect,
    testing::Values(
        Defect{"no_note", ".note.noa: wanted 1 note, found 0"},
        Defect{"no_entry", "exported symbols: wanted noa_plugin_entry_v1, found none"},
        Defect{"abi_major_0", "abi_major: wanted 1, found 0"},
        Defect{"abi_major_2", "abi_major: wanted 1, found 2"},
        Defect{"needs_newer_host", "min_host_minor: wanted at most 0, found 99"},
        Defect{"two_exports",
               "exported symbols: wanted only noa_plugin_entry_v1, found besides second_export"},
        Defect{"nodelete", "pinning: wanted nothing that keeps it loaded, found DF_1_NODELETE"},
        Defect{"origin_runpath", "library search path: wanted no $ORIGIN, found $ORIGIN/lib"}),
    [](const auto& row) { return std::string(row.param.fixture); });

TEST(Scan, AUniqueSymbolIsRefusedWithTheFlagThatAvoidsIt) {
    if (!std::filesystem::exists(broken("unique_symbol"))) {
        GTEST_SKIP() << "this compiler makes no unique symbols";
    }
    const auto facts = scan(broken("unique_symbol"), {});
    ASSERT_FALSE(facts);
    EXPECT_TRUE(facts.error().reason.starts_with(
        "pinning: wanted nothing that keeps it loaded, found unique symbol "))
        << facts.error().reason;
    EXPECT_NE(facts.error().advice.find("-fno-gnu-unique"), std::string::npos);
}

TEST(Scan, AllowedPinningIsListedInsteadOfRefused) {
    ScanOptions options;
    options.allow_pinned = true;
    const auto facts = scan(broken("nodelete"), options);
    ASSERT_TRUE(facts) << facts.error().text();
    EXPECT_EQ(facts->pinning, std::vector<std::string>{"DF_1_NODELETE"});
}

// Defects that only the plugin's own code shows are no business of the scan.
TEST(Scan, DefectsOfTheTableAndOfTheCodePass) {
    for (const char* name : {"struct_size_0", "null_create", "ctor_aborts", "ctor_throws",
                             "undefined_symbol", "create_throws_int", "wrong_id"}) {
        const auto facts = scan(broken(name), {});
        EXPECT_TRUE(facts) << facts.error().text();
    }
}

} // namespace
} // namespace noa::plugin
