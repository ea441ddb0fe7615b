#include "repository/repository.hpp"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "repository/blob_writer.hpp"
#include "repository/tree.hpp"
#include "repository_fixture.hpp"

namespace backup {
namespace {

class RepositoryTest : public RepositoryFixture {
protected:
    Id save(BlobWriter& writer, BlobKind kind, View text) {
        auto forge = writer.forge();
        EXPECT_TRUE(forge);
        const Id id = sha256(text);
        const auto saved = writer.save(kind, id, text, *forge);
        EXPECT_TRUE(saved) << saved.error().text;
        return id;
    }

    // A snapshot of one file with `text`.
    Id save_file(const std::string& text) {
        BlobWriter writer(*repository_);
        Node node;
        node.name = "file";
        node.mode = 0644;
        node.size = text.size();
        node.content = {save(writer, BlobKind::data, view_of(text))};
        const std::string tree = tree_json(std::vector{node});
        Snapshot snapshot;
        snapshot.time = Timestamp::now();
        snapshot.tree = save(writer, BlobKind::tree, view_of(tree));
        snapshot.paths = {"/file"};
        snapshot.hostname = here_.hostname;
        const noa::sdk::Status finished = writer.finish();
        EXPECT_TRUE(finished) << finished.error().text;
        const auto id = repository_->save_snapshot(snapshot);
        EXPECT_TRUE(id) << id.error().text;
        return *id;
    }

    // What the first file of the first file's tree holds, followed down from a snapshot.
    Bytes first_file(const Snapshot& snapshot) {
        auto reader = BlobReader::make(*repository_);
        Id tree = snapshot.tree;
        for (;;) {
            const auto text = reader->read(tree, BlobKind::tree);
            EXPECT_TRUE(text) << text.error().text;
            const auto nodes = parse_tree(text_of(*text));
            EXPECT_TRUE(nodes) << nodes.error().text;
            if ((*nodes)[0].kind == NodeKind::dir) {
                tree = *(*nodes)[0].subtree;
                continue;
            }
            Bytes all;
            for (const Id& id : (*nodes)[0].content) {
                const auto part = reader->read(id, BlobKind::data);
                EXPECT_TRUE(part) << part.error().text;
                all.insert(all.end(), part->begin(), part->end());
            }
            return all;
        }
    }
};

TEST_F(RepositoryTest, gives_back_what_it_was_given) {
    BlobWriter writer(*repository_);
    const std::string text(100'000, 'x');
    const Id id = save(writer, BlobKind::data, view_of(text));
    auto forge = writer.forge();
    EXPECT_FALSE(*writer.save(BlobKind::data, id, view_of(text), *forge)); // once is enough
    EXPECT_TRUE(*writer.save(BlobKind::tree, id, view_of(text), *forge));  // of another kind
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(writer.figures().blobs, 2U);
    reopen();
    auto reader = BlobReader::make(*repository_);
    const auto read = reader->read(id, BlobKind::data);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(text_of(*read), text);
    EXPECT_EQ(reader->read(sha256(view_of("else")), BlobKind::data).error().status,
              NOA_E_NOT_FOUND);
}

TEST_F(RepositoryTest, is_opened_by_every_password_that_has_a_key) {
    const auto id = repository_->add_key("another", here_);
    ASSERT_TRUE(id);
    const auto open = [this](std::string_view secret) {
        return Repository::open(*LocalStore::open(path("repository")), secret);
    };
    EXPECT_TRUE(open("another"));
    EXPECT_TRUE(open(password));
    EXPECT_EQ(open("wrong").error().status, NOA_E_DENIED);
    EXPECT_EQ(repository_->remove_key(repository_->key()).error().status, NOA_E_STATE);
    ASSERT_TRUE(repository_->remove_key(*id));
    EXPECT_EQ(open("another").error().status, NOA_E_DENIED);
    EXPECT_EQ(LocalStore::create_new(path("repository")).error().status, NOA_E_STATE);
}

TEST_F(RepositoryTest, finds_a_flipped_bit_anywhere_in_what_it_reads) {
    save_file("some text that is not long");
    reopen();
    const auto packs = repository_->store().list(FileKind::data);
    ASSERT_EQ(packs->size(), 2U);
    auto reader = BlobReader::make(*repository_);
    for (const StoredFile& pack : *packs) {
        const std::string file =
            static_cast<LocalStore&>(repository_->store()).path_of({FileKind::data, pack.id});
        const std::string whole = read(file);
        const auto blobs = reader->read_header(pack.id);
        ASSERT_TRUE(blobs) << blobs.error().text;
        for (std::size_t at = 0; at < whole.size(); ++at) {
            std::string changed = whole;
            changed[at] = static_cast<char>(changed[at] ^ 4);
            std::ofstream(file, std::ios::binary) << changed;
            const bool good = reader->read_header(pack.id).has_value() &&
                              reader->read({pack.id, blobs->front()}).has_value();
            EXPECT_FALSE(good) << at;
        }
        std::ofstream(file, std::ios::binary) << whole;
        EXPECT_TRUE(reader->read({pack.id, blobs->front()}));
    }
}

TEST_F(RepositoryTest, takes_blobs_from_many_threads) {
    BlobWriter writer(*repository_);
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&writer, thread] {
            auto forge = writer.forge();
            for (unsigned number = 0; number < 300; ++number) {
                // Half of it is what another one has, too.
                const std::string text(20'000 + (number + thread * 150) * 7, 'a');
                ASSERT_TRUE(
                    writer.save(BlobKind::data, sha256(view_of(text)), view_of(text), *forge));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(writer.figures().blobs, 750U);
    reopen();
    EXPECT_EQ(repository_->index().size(), 750U);
}

TEST_F(RepositoryTest, is_one_that_restic_checks_restores_and_goes_on_with) {
    if (!have_restic()) {
        GTEST_SKIP() << "no restic here";
    }
    const std::string text = "text of noa\n";
    save_file(text);
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    ASSERT_EQ(restic({"restore", "latest", "--target", path("out")}), 0) << output_;
    EXPECT_EQ(read(path("out/file")), text);
    const std::string other = "text of restic\n";
    write("tree/file", other);
    ASSERT_EQ(restic({"backup", path("tree/file")}), 0) << output_;
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    reopen();
    const auto all = repository_->snapshots();
    ASSERT_TRUE(all) << all.error().text;
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(text_of(first_file((*all)[0])), text);
    EXPECT_EQ(text_of(first_file((*all)[1])), other);
}

TEST_F(RepositoryTest, may_be_one_that_restic_made) {
    if (!have_restic()) {
        GTEST_SKIP() << "no restic here";
    }
    for (const char* version : {"1", "2"}) {
        std::filesystem::remove_all(path("repository"));
        ASSERT_EQ(restic({"init", "--repository-version", version}), 0) << output_;
        const std::string text(3'000'000, 'r');
        write("tree/file", text);
        ASSERT_EQ(restic({"backup", path("tree")}), 0) << output_;
        reopen();
        const auto all = repository_->snapshots();
        ASSERT_EQ(all->size(), 1U);
        EXPECT_EQ(text_of(first_file((*all)[0])), text);
        save_file("more");
        ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
        ASSERT_EQ(restic({"restore", "latest", "--target", path("out")}), 0) << output_;
        EXPECT_EQ(read(path("out/file")), "more");
    }
}

} // namespace
} // namespace backup
