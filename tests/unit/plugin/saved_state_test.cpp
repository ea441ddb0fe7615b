#include "plugin/saved_state.hpp"

#include <string>

#include <gtest/gtest.h>

namespace noa::plugin {

// Reaches into the pieces as a stray write would.
class SavedStateTest : public testing::Test {
protected:
    static void overwrite(SavedState& state, std::size_t at) {
        state.pieces_[at / SavedState::piece_bytes][at % SavedState::piece_bytes] ^= std::byte{1};
    }
    static SavedState of(const std::string& text) {
        SavedState state(1);
        state.append(std::as_bytes(std::span(text)));
        state.seal();
        return state;
    }
    static std::string text_of(const SavedState& state, std::size_t piece) {
        std::string out;
        std::string buffer(piece, '\0');
        while (const auto got = state.read(out.size(), std::as_writable_bytes(std::span(buffer)))) {
            out.append(buffer, 0, got);
        }
        return out;
    }
};

TEST_F(SavedStateTest, reads_back_whatever_the_pieces) {
    std::string text;
    for (std::size_t i = 0; i < SavedState::piece_bytes * 2 + 77; ++i) {
        text.push_back(static_cast<char>(i * 31));
    }
    SavedState state(7);
    for (std::size_t at = 0; at < text.size(); at += 100'003) {
        state.append(std::as_bytes(
            std::span(text).subspan(at).first(std::min<std::size_t>(100'003, text.size() - at))));
    }
    state.seal();
    EXPECT_EQ(state.size(), text.size());
    EXPECT_TRUE(state.verify());
    EXPECT_EQ(text_of(state, 4096), text);
    EXPECT_EQ(text_of(state, text.size() + 1), text);
}

TEST_F(SavedStateTest, nothing_is_whole_too) {
    const auto state = of("");
    EXPECT_TRUE(state.verify());
    EXPECT_EQ(text_of(state, 8), "");
}

TEST_F(SavedStateTest, a_stray_write_is_found) {
    for (const std::size_t at : {std::size_t{0}, SavedState::piece_bytes + 3}) {
        auto state = of(std::string(SavedState::piece_bytes * 2, 'x'));
        overwrite(state, at);
        ASSERT_FALSE(state.verify());
        EXPECT_EQ(state.verify().error().code, Errc::internal);
    }
}

} // namespace noa::plugin
