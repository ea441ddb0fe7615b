#include "base/command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <array>

namespace noa {
namespace {

using ::testing::HasSubstr;

CommandEnd end_of(const std::vector<std::string>& arguments,
                  Command::Rest rest = Command::Rest::killed) {
    auto command = Command::start(arguments);
    EXPECT_TRUE(command) << command.error().text();
    while (true) {
        command->read_output();
        if (auto end = command->reap(rest)) {
            return *end;
        }
        std::array<pollfd, 2> fds{
            {{command->output_fd(), POLLIN, 0}, {command->end_fd(), POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), -1);
    }
}

TEST(command, says_how_it_ended_and_what_its_last_words_were) {
    EXPECT_TRUE(end_of({"true"}).good());
    const auto end = end_of({"sh", "-c", "echo one; echo two >&2; exit 3"});
    EXPECT_FALSE(end.good());
    EXPECT_EQ(end.text(), "exit code 3: two");
    EXPECT_EQ(end.output, "one\ntwo\n");
    EXPECT_EQ(end_of({"sh", "-c", "kill -9 $$"}).text(), "ended by signal 9");
}

TEST(command, arguments_are_not_for_a_shell) {
    EXPECT_EQ(end_of({"echo", "$HOME; exit 1"}).output, "$HOME; exit 1\n");
}

TEST(command, that_does_not_exist_is_an_error) {
    const auto command = Command::start({"/nowhere/at-all"});
    ASSERT_FALSE(command);
    EXPECT_THAT(command.error().text(), HasSubstr("No such file"));
}

TEST(command, that_floods_ends) {
    const auto end = end_of({"yes"});
    EXPECT_TRUE(end.too_much);
    EXPECT_FALSE(end.good());
    EXPECT_LT(end.output.size(), Command::max_output + 4097);
}

TEST(command, ends_although_what_it_started_holds_its_output) {
    EXPECT_TRUE(end_of({"sh", "-c", "sleep 1000 &"}).good());
}

TEST(command, has_no_input_and_none_of_our_descriptors) {
    EXPECT_TRUE(
        end_of({"sh", "-c", "! read line && test $(ls /proc/self/fd | wc -l) -le 4"}).good());
}

TEST(command, is_killed_when_nobody_wants_it_any_more) {
    int output = -1;
    {
        auto command = Command::start({"sh", "-c", "trap '' TERM; sleep 1000; sleep 1000"});
        ASSERT_TRUE(command);
        output = ::dup(command->output_fd());
    }
    const UniqueFd kept(output);
    pollfd closed{kept.get(), POLLIN, 0}; // readable once the last writer is gone
    EXPECT_EQ(::poll(&closed, 1, 30'000), 1);
}

} // namespace
} // namespace noa
