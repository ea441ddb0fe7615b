// What noa-backup-mount shows, below FUSE.
#include <gtest/gtest.h>

#include "archive_fixture.hpp"
#include "mount/view.hpp"

namespace backup {
namespace {

class MountTest : public ArchiveFixture {
protected:
    SnapshotView all(const ViewLimits& limits = {}) {
        auto view = SnapshotView::of_all(*repository_, *repository_->snapshots(), limits);
        EXPECT_TRUE(view) << view.error().text;
        return *std::move(view);
    }
    static std::string content(SnapshotView& view, const std::string& file, std::uint64_t offset,
                               std::size_t size) {
        const auto open = view.open(file);
        EXPECT_TRUE(open) << open.error().text;
        Bytes bytes(size);
        const auto read = open ? view.read(*open, offset, bytes) : open.error();
        EXPECT_TRUE(read) << read.error().text;
        return std::string(text_of(View(bytes).first(read ? *read : 0)));
    }
};

TEST_F(MountTest, snapshots_are_there_by_id_and_by_date) {
    make_tree();
    const auto first = archive();
    write("tree/small", "other\n");
    const auto second = archive();
    SnapshotView view = all();
    EXPECT_EQ(*view.list("/"), (SnapshotView::Names{"dates", "ids"}));
    EXPECT_EQ(view.list("/ids")->size(), 2U);
    EXPECT_EQ(*view.list("/dates"), (SnapshotView::Names{first.snapshot.time.text(),
                                                         second.snapshot.time.text(), "latest"}));
    const auto latest = view.find("/dates/latest");
    ASSERT_TRUE(latest);
    EXPECT_EQ(latest->link_target, "../ids/" + second.snapshot.id.hex().substr(0, 8));
    const std::string old = "/ids/" + first.snapshot.id.hex().substr(0, 8) + path("tree");
    EXPECT_EQ(content(view, old + "/small", 0, 100), "small\n");
    EXPECT_EQ(view.find(old + "/sub/link")->link_target, "../no where");
    EXPECT_EQ(view.list(old)->size(), 7U);
    for (const char* path : {"/other", "/ids/00", "/dates/latest/x", "/ids/../dates"}) {
        EXPECT_EQ(view.find(path).error().status, NOA_E_NOT_FOUND) << path;
    }
    EXPECT_FALSE(view.open(old));
}

TEST_F(MountTest, files_are_read_at_any_place_within_bounded_memory) {
    make_tree();
    const auto result = archive();
    auto view = SnapshotView::of_one(*repository_, result.snapshot,
                                     {.tree_bytes = 1000, .blob_bytes = 1'000'000});
    ASSERT_TRUE(view);
    const std::string file = path("tree/large");
    const std::string wanted = read(file);
    std::mt19937_64 random(1);
    for (int turn = 0; turn < 100; ++turn) {
        const std::uint64_t offset = random() % (wanted.size() + 1000);
        const std::size_t size = random() % 2'000'000;
        const std::string expected =
            offset < wanted.size() ? wanted.substr(offset, size) : std::string();
        ASSERT_TRUE(content(*view, file, offset, size) == expected) << offset << " " << size;
        EXPECT_LE(view->kept_bytes(), 1'001'000U + 8'388'608U);
    }
    EXPECT_EQ(content(*view, path("tree/empty"), 0, 10), "");
}

TEST_F(MountTest, damage_is_an_error_and_never_other_bytes) {
    make_tree();
    const auto result = archive();
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(path("repository/data"))) {
        if (entry.is_regular_file() && entry.file_size() > 1'000'000) {
            std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all);
            std::fstream pack(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
            pack.seekp(500'000);
            pack.write("xxxxxxxx", 8);
        }
    }
    auto view = SnapshotView::of_one(*repository_, result.snapshot);
    ASSERT_TRUE(view);
    const std::string wanted = read(path("tree/large"));
    const auto open = view->open(path("tree/large"));
    ASSERT_TRUE(open);
    bool failed = false;
    for (std::uint64_t offset = 0; offset < open->size(); offset += 65'536) {
        Bytes bytes(65'536);
        const auto got = view->read(*open, offset, bytes);
        failed = failed || !got;
        if (got) {
            EXPECT_EQ(text_of(View(bytes).first(*got)), wanted.substr(offset, *got));
        }
    }
    EXPECT_TRUE(failed);
}

} // namespace
} // namespace backup
