#include "link/frame.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "link/sealed.hpp"

namespace noa::link {
namespace {

// What one frame of that content holds behind its header.
class FrameTest : public ::testing::Test {
protected:
    template <class Fill>
    bool written(Fill&& fill) {
        out_.clear();
        descriptors_.clear();
        Writer writer(out_, descriptors_, Kind::deliver);
        fill(writer);
        return writer.finish();
    }
    [[nodiscard]] Reader payload() const {
        return Reader(std::string_view(out_).substr(header_bytes));
    }
    std::string out_;
    std::vector<UniqueFd> descriptors_;
};

TEST_F(FrameTest, ReadsBackWhatWasWritten) {
    ASSERT_TRUE(written([](Writer& out) {
        out.number(std::uint64_t{7});
        out.text("subject");
        out.body("body", 4);
        out.number(std::int32_t{-3});
    }));
    auto in = payload();
    EXPECT_EQ(in.number<std::uint64_t>(), 7U);
    EXPECT_EQ(in.text(), "subject");
    EXPECT_EQ(in.body().bytes, "body");
    EXPECT_FALSE(in.complete());
    EXPECT_EQ(in.number<std::int32_t>(), -3);
    EXPECT_TRUE(in.complete());
}

TEST_F(FrameTest, HeaderSaysSizeKindAndDescriptors) {
    const std::string large(inline_max + 1, 'x');
    ASSERT_TRUE(written([&](Writer& out) { out.body(large.data(), large.size()); }));
    Reader header(out_);
    EXPECT_EQ(header.number<std::uint32_t>(), out_.size() - header_bytes);
    EXPECT_EQ(header.number<std::uint8_t>(), static_cast<std::uint8_t>(Kind::deliver));
    EXPECT_EQ(header.number<std::uint8_t>(), 1);
    EXPECT_EQ(header.number<std::uint16_t>(), 0);
}

TEST_F(FrameTest, ALargeBodyTravelsInSealedMemory) {
    const std::string large(inline_max + 1, 'x');
    ASSERT_TRUE(written([&](Writer& out) { out.body(large.data(), large.size()); }));
    auto in = payload();
    const auto body = in.body();
    EXPECT_TRUE(in.complete());
    EXPECT_TRUE(body.sealed);
    EXPECT_EQ(body.size, large.size());
    ASSERT_EQ(descriptors_.size(), 1U);
    EXPECT_TRUE(is_sealed(descriptors_[0].get(), body.size));
}

TEST_F(FrameTest, WhatIsMissingIsZeroAndSaidToBe) {
    ASSERT_TRUE(written([](Writer& out) { out.number(std::uint16_t{1}); }));
    for (const auto& read : std::vector<std::function<void(Reader&)>>{
             [](Reader& in) { EXPECT_EQ(in.number<std::uint32_t>(), 0U); },
             [](Reader& in) { EXPECT_EQ(in.text(), ""); },
             [](Reader& in) { EXPECT_EQ(in.raw(3), ""); },
             [](Reader& in) { EXPECT_EQ(in.body().size, 0U); }}) {
        auto in = payload();
        read(in);
        EXPECT_FALSE(in.whole());
        EXPECT_FALSE(in.complete());
    }
}

TEST_F(FrameTest, ATextThatIsLongerThanItsFrameIsNone) {
    ASSERT_TRUE(written([](Writer& out) { out.number(std::uint32_t{0xffffffff}); }));
    auto in = payload();
    EXPECT_EQ(in.text(), "");
    EXPECT_FALSE(in.whole());
}

TEST_F(FrameTest, EachSizeOfABodyHasOneForm) {
    for (const auto& [sealed, size] :
         {std::pair<std::uint8_t, std::uint64_t>{1, 5}, {0, inline_max + 1}, {2, 0}}) {
        ASSERT_TRUE(written([&, sealed = sealed, size = size](Writer& out) {
            out.number(sealed);
            out.number(size);
        }));
        auto in = payload();
        static_cast<void>(in.body());
        EXPECT_FALSE(in.whole()) << int{sealed} << " " << size;
    }
}

TEST_F(FrameTest, WhatIsTooLargeIsTakenBack) {
    out_.clear();
    const std::string most(payload_max - 4, 'x');
    EXPECT_TRUE(written([&](Writer& out) { out.text(most); }));
    EXPECT_FALSE(written([&](Writer& out) { out.text(most + "x"); }));
    EXPECT_TRUE(out_.empty());
    EXPECT_FALSE(written([&](Writer& out) { out.raw(most.data(), payload_max + 1); }));
}

TEST_F(FrameTest, WithoutItsDescriptorItIsTakenBack) {
    EXPECT_FALSE(written([](Writer& out) { out.descriptor(UniqueFd()); }));
    EXPECT_TRUE(out_.empty());
}

} // namespace
} // namespace noa::link
