#include "repository/lock.hpp"

#include <gtest/gtest.h>

#include "repository_fixture.hpp"

namespace backup {
namespace {

class LockTest : public RepositoryFixture {
protected:
    [[nodiscard]] std::size_t count() const {
        return repository_->store().list(FileKind::lock)->size();
    }
    Timestamp now_{1'700'000'000, 0};
};

TEST_F(LockTest, many_share_it_or_one_has_it) {
    {
        const auto one = Lock::acquire(*repository_, Lock::Kind::shared, here_, now_);
        const auto two = Lock::acquire(*repository_, Lock::Kind::shared, here_, now_);
        ASSERT_TRUE(one && two);
        const auto alone = Lock::acquire(*repository_, Lock::Kind::exclusive, here_, now_);
        ASSERT_FALSE(alone);
        EXPECT_EQ(alone.error().status, NOA_E_BUSY);
        EXPECT_EQ(count(), 2U); // what was refused left none
    }
    EXPECT_EQ(count(), 0U);
    const auto alone = Lock::acquire(*repository_, Lock::Kind::exclusive, here_, now_);
    ASSERT_TRUE(alone);
    EXPECT_FALSE(Lock::acquire(*repository_, Lock::Kind::shared, here_, now_));
}

TEST_F(LockTest, of_who_is_gone_counts_no_more) {
    Origin elsewhere = here_;
    elsewhere.hostname = "elsewhere";
    Origin former = here_; // this process id, in a former life
    former.started = here_.started + 1;
    Origin dead = here_;
    dead.pid = 0x7FFFFFF0;
    const auto stale = [&](const Origin& origin, std::int64_t age_s) {
        return is_stale({{now_.seconds - age_s, 0}, true, origin}, here_, now_);
    };
    EXPECT_TRUE(stale(elsewhere, 31 * 60));
    EXPECT_FALSE(stale(elsewhere, 29 * 60));
    EXPECT_FALSE(stale(elsewhere, -3600)); // its clock is ahead, or ours went back
    EXPECT_FALSE(stale(here_, 0));
    EXPECT_TRUE(stale(former, 0));
    EXPECT_TRUE(stale(dead, 0));

    ASSERT_TRUE(repository_->save_document(FileKind::lock, lock_json({{now_}, true, dead})));
    ASSERT_EQ(count(), 1U);
    const auto lock = Lock::acquire(*repository_, Lock::Kind::exclusive, here_, now_);
    ASSERT_TRUE(lock);
    EXPECT_EQ(count(), 1U);
}

TEST_F(LockTest, is_written_anew_while_it_is_held) {
    auto lock = Lock::acquire(*repository_, Lock::Kind::shared, here_, now_);
    ASSERT_TRUE(lock);
    const Id first = (*repository_->store().list(FileKind::lock))[0].id;
    ASSERT_TRUE(lock->refresh({now_.seconds + 60, 0}));
    EXPECT_EQ((*repository_->store().list(FileKind::lock))[0].id, first);
    ASSERT_TRUE(lock->refresh({now_.seconds + 301, 0}));
    const auto files = repository_->store().list(FileKind::lock);
    ASSERT_EQ(files->size(), 1U);
    EXPECT_NE((*files)[0].id, first);
    const auto record = parse_lock(*repository_->load_document(FileKind::lock, (*files)[0].id));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->time.seconds, now_.seconds + 301);
    lock->release();
    EXPECT_EQ(count(), 0U);
}

TEST_F(LockTest, that_cannot_be_read_is_not_ignored) {
    ASSERT_TRUE(write_file(repository_->store(), FileKind::lock, view_of("nonsense")));
    const auto lock = Lock::acquire(*repository_, Lock::Kind::shared, here_, now_);
    ASSERT_FALSE(lock);
    EXPECT_NE(lock.error().text.find("locks/"), std::string::npos);
}

} // namespace
} // namespace backup
