#include "config/watch.hpp"

#include <poll.h>
#include <unistd.h>

#include "files_fixture.hpp"

namespace noa::config {
namespace {

using std::filesystem::path;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WatchTest : public FilesTest {
protected:
    // inotify queues an event before the call that caused it returns: nothing to wait for.
    std::vector<path> drain(Watch& watch) {
        auto hints = watch.drain();
        EXPECT_TRUE(hints) << hints.error().text();
        return hints ? hints->directories : std::vector<path>{};
    }

    static bool readable(const Watch& watch) {
        pollfd poll_fd{watch.fd(), POLLIN, 0};
        return ::poll(&poll_fd, 1, 0) == 1;
    }

    Watch open(const std::vector<path>& directories) {
        auto watch = Watch::open(directories);
        EXPECT_TRUE(watch) << watch.error().text();
        return std::move(*watch);
    }

    path a_ = root_ / "a";
    path b_ = root_ / "b";
};

TEST_F(WatchTest, reports_files_written_renamed_linked_and_deleted) {
    write("a/x.toml", "1");
    write("b/y.so", "1");
    auto watch = open({a_, b_});
    EXPECT_FALSE(readable(watch));
    EXPECT_THAT(drain(watch), IsEmpty());
    write("a/x.toml", "2");
    EXPECT_TRUE(readable(watch));
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    std::filesystem::rename(a_ / "x.toml", a_ / "z.toml");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    std::filesystem::create_symlink("/nowhere", b_ / "link.so");
    EXPECT_THAT(drain(watch), ElementsAre(b_));
    std::filesystem::remove(b_ / "y.so");
    std::filesystem::remove(a_ / "z.toml");
    EXPECT_THAT(drain(watch), ElementsAre(a_, b_));
    EXPECT_FALSE(readable(watch));
}

TEST_F(WatchTest, a_rename_between_directories_hints_at_both) {
    write("a/x.toml", "1");
    write("b/y.toml", "1");
    auto watch = open({a_, b_});
    std::filesystem::rename(a_ / "x.toml", b_ / "x.toml");
    EXPECT_THAT(drain(watch), ElementsAre(a_, b_));
}

TEST_F(WatchTest, ignores_editors_temporaries_and_unfinished_files) {
    write("a/x.toml", "1");
    auto watch = open({a_});
    for (const auto* name : {"a/x.toml~", "a/.x.toml.swp", "a/.x.toml", "a/4913", "a/x.so.tmp"}) {
        write(name, "1");
    }
    std::filesystem::create_directory(a_ / "dir.toml");
    EXPECT_THAT(drain(watch), IsEmpty());
    std::ofstream unfinished(a_ / "new.so");
    EXPECT_THAT(drain(watch), IsEmpty());
    unfinished << "1";
    unfinished.close();
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

TEST_F(WatchTest, an_atomic_replacement_is_seen) {
    write("a/x.toml", "1");
    auto watch = open({a_});
    write("a/.x.toml.new", "2");
    EXPECT_THAT(drain(watch), IsEmpty());
    std::filesystem::rename(a_ / ".x.toml.new", a_ / "x.toml");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

TEST_F(WatchTest, a_missing_directory_is_picked_up_when_it_appears) {
    const auto deep = root_ / "c/d/e";
    auto watch = open({deep});
    write("unrelated.toml", "1");
    EXPECT_THAT(drain(watch), IsEmpty());
    std::filesystem::create_directory(root_ / "c");
    EXPECT_THAT(drain(watch), IsEmpty());
    write("c/d/e/x.toml", "1"); // d, e and the file before we look again
    EXPECT_THAT(drain(watch), ElementsAre(deep));
    write("c/d/e/x.toml", "2");
    EXPECT_THAT(drain(watch), ElementsAre(deep));
    write("c/d/other.toml", "1");
    write("c/other.toml", "1");
    EXPECT_THAT(drain(watch), IsEmpty());
}

TEST_F(WatchTest, a_directory_that_goes_away_and_comes_back_is_watched_again) {
    write("a/x.toml", "1");
    auto watch = open({a_});
    std::filesystem::remove_all(a_);
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    write("a/x.toml", "2");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    write("a/x.toml", "3");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

TEST_F(WatchTest, a_directory_that_is_swapped_for_another_is_followed) {
    write("a/x.toml", "1");
    write("b/x.toml", "2");
    auto watch = open({a_});
    std::filesystem::rename(a_, root_ / "old");
    std::filesystem::rename(b_, a_);
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    write("old/x.toml", "3");
    EXPECT_THAT(drain(watch), IsEmpty());
    write("a/x.toml", "3");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

TEST_F(WatchTest, a_parent_that_is_watched_itself_keeps_its_own_events) {
    write("a/x.toml", "1");
    auto watch = open({a_, a_ / "conf.d", root_ / "a/", a_});
    write("a/x.toml", "2");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
    std::filesystem::create_directory(a_ / "conf.d");
    EXPECT_THAT(drain(watch), ElementsAre(a_ / "conf.d"));
    write("a/conf.d/y.toml", "1");
    write("a/x.toml", "3");
    EXPECT_THAT(drain(watch), ElementsAre(a_, a_ / "conf.d"));
    std::filesystem::remove_all(a_ / "conf.d");
    EXPECT_THAT(drain(watch), ElementsAre(a_ / "conf.d"));
    write("a/x.toml", "4");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

TEST_F(WatchTest, lost_events_mean_that_everything_may_have_changed) {
    write("a/x.toml", "1");
    auto watch = open({a_});
    std::ifstream limit_file("/proc/sys/fs/inotify/max_queued_events");
    int limit = 0;
    limit_file >> limit;
    ASSERT_GT(limit, 0);
    if (limit > 200'000) {
        GTEST_SKIP() << "the kernel's queue is too long to fill: " << limit;
    }
    const auto one = a_ / "x.so";
    const auto two = a_ / "y.so";
    write("a/x.so", "1");
    for (int i = 0; i < limit; ++i) { // two events each
        ASSERT_EQ(::rename((i % 2 == 0 ? one : two).c_str(), (i % 2 == 0 ? two : one).c_str()), 0);
    }
    bool everything = false;
    while (readable(watch)) {
        const auto hints = watch.drain();
        ASSERT_TRUE(hints);
        everything = everything || hints->everything;
    }
    EXPECT_TRUE(everything);
    write("a/x.toml", "2");
    EXPECT_THAT(drain(watch), ElementsAre(a_));
}

} // namespace
} // namespace noa::config
