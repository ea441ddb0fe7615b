#include "plugin/library.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "plugin/local_instance.hpp"
#include "plugin/probe_host.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

using test::broken;

// A path of its own for each test: the loader takes a path for an identity.
class LibraryTest : public testing::Test {
protected:
    std::filesystem::path copy_of(const std::string& name) {
        auto copy = directory_ / (name + ".so");
        std::filesystem::copy_file(broken(name), copy);
        return copy;
    }
    // Opens on a lane, uses it there, joins the lane, then closes.
    static void live(const std::filesystem::path& file) {
        std::optional<Library> library;
        std::thread lane([&] {
            auto opened = Library::open(file);
            ASSERT_TRUE(opened) << opened.error().text();
            library.emplace(std::move(*opened));
            const auto agent =
                LocalInstance::create(library->table(), probe_host(), probe_context());
            EXPECT_TRUE(agent) << agent.error().text();
        });
        lane.join();
        ASSERT_TRUE(library);
        EXPECT_TRUE(is_mapped(file));
        library->close();
    }
    static std::string refusal(const std::filesystem::path& file) {
        const auto library = Library::open(file);
        EXPECT_FALSE(library);
        EXPECT_FALSE(is_mapped(file));
        return library ? "" : library.error().reason;
    }

    test::TempDir directory_;
};

TEST_F(LibraryTest, ClosedAfterItsLaneIsJoinedItIsUnmapped) {
    const auto file = copy_of("good");
    live(file);
    EXPECT_FALSE(is_mapped(file));
}

TEST_F(LibraryTest, AThreadLocalOfTheJoinedLaneDoesNotHoldIt) {
    const auto file = copy_of("thread_local_kept");
    live(file);
    EXPECT_FALSE(is_mapped(file));
}

TEST_F(LibraryTest, ClosedOnTheLaneItselfItIsGoneOnceAskedAfterTheJoin) {
    const auto file = copy_of("thread_local_kept");
    std::thread lane([&] {
        auto opened = Library::open(file);
        ASSERT_TRUE(opened);
        {
            const auto agent =
                LocalInstance::create(opened->table(), probe_host(), probe_context());
        }
        opened->close();
    });
    lane.join();
    EXPECT_FALSE(is_mapped(file));
}

TEST_F(LibraryTest, OneThatCannotBeUnloadedIsToldToBeMapped) {
    const auto file = copy_of("nodelete");
    live(file);
    EXPECT_TRUE(is_mapped(file));
}

TEST_F(LibraryTest, GoesThroughItsSteps) {
    std::vector<std::string> steps;
    const auto library =
        Library::open(copy_of("good"), [&](std::string_view step) { steps.emplace_back(step); });
    ASSERT_TRUE(library);
    EXPECT_EQ(steps, (std::vector<std::string>{"constructor", "entry", "table"}));
    EXPECT_STREQ(library->table().id, "whole");
}

TEST_F(LibraryTest, AnUndefinedSymbolIsNamedAtOnce) {
    EXPECT_EQ(refusal(copy_of("undefined_symbol")),
              "dlopen: undefined symbol: nobody_defines_this");
}

TEST_F(LibraryTest, AFileThatIsNoLibraryKeepsTheLoadersText) {
    const auto file = directory_ / "text.so";
    test::write_file(file, "text");
    EXPECT_EQ(refusal(file), "dlopen: file too short");
    EXPECT_EQ(refusal(directory_ / "none.so"),
              "dlopen: cannot open shared object file: No such file or directory");
}

TEST_F(LibraryTest, WithoutAnEntryItIsRefused) {
    EXPECT_TRUE(refusal(copy_of("no_entry")).starts_with("entry: "));
}

TEST_F(LibraryTest, ABrokenTableIsRefusedByFieldAndUnloaded) {
    EXPECT_EQ(refusal(copy_of("struct_size_0")).find("struct_size: wanted at least "), 0U);
    EXPECT_EQ(refusal(copy_of("struct_size_short")).find("struct_size: wanted at least "), 0U);
    EXPECT_EQ(refusal(copy_of("struct_size_huge")),
              "struct_size: wanted at most 65536, found 2147483647");
    EXPECT_EQ(refusal(copy_of("null_create")), "create: wanted a function, found NULL");
    EXPECT_EQ(refusal(copy_of("null_handle")), "handle: wanted a function, found NULL");
    EXPECT_EQ(refusal(copy_of("wrong_id")),
              "id: wanted [a-z0-9] first, then [a-z0-9_-], at most 63 bytes, found 'Wrong Id!'");
}

} // namespace
} // namespace noa::plugin
