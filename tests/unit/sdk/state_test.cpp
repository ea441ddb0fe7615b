#include "noa/sdk/state.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

struct Memory {
    std::string bytes;
    std::size_t limit = SIZE_MAX;
    std::size_t position = 0;
    std::size_t step = SIZE_MAX; // at most so many bytes a read

    noa_sink sink() {
        return {sizeof(noa_sink), 0, this,
                [](const noa_sink* sink, const void* data, std::uint64_t size) -> std::int32_t {
                    auto& memory = *static_cast<Memory*>(sink->state);
                    if (memory.bytes.size() + size > memory.limit) {
                        return NOA_E_TOO_LARGE;
                    }
                    memory.bytes.append(static_cast<const char*>(data), size);
                    return NOA_OK;
                }};
    }
    noa_source source() {
        return {sizeof(noa_source), 3, bytes.size(), this,
                [](const noa_source* source, void* into, std::uint64_t capacity,
                   std::uint64_t* ret_size) -> std::int32_t {
                    auto& memory = *static_cast<Memory*>(source->state);
                    *ret_size = std::min({static_cast<std::size_t>(capacity), memory.step,
                                          memory.bytes.size() - memory.position});
                    std::copy_n(memory.bytes.data() + memory.position, *ret_size,
                                static_cast<char*>(into));
                    memory.position += *ret_size;
                    return NOA_OK;
                }};
    }
};

TEST(State, ComesBackAsItWasWritten) {
    Memory memory;
    const std::string large(100'000, 'x');
    {
        const noa_sink sink = memory.sink();
        StateWriter writer(sink);
        writer.number(UINT64_MAX);
        writer.signed_number(-5);
        writer.text("short");
        writer.text(large);
        writer.text("");
        ASSERT_TRUE(writer.finish());
    }
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100'000}}) {
        memory.position = 0;
        memory.step = step;
        const noa_source source = memory.source();
        StateReader reader(source);
        EXPECT_EQ(reader.schema(), 3U);
        EXPECT_EQ(reader.number(), UINT64_MAX);
        EXPECT_EQ(reader.signed_number(), -5);
        EXPECT_EQ(reader.text(100), "short");
        EXPECT_EQ(reader.text(1'000'000), large);
        EXPECT_EQ(reader.text(100), "");
        EXPECT_TRUE(reader.finish());
        EXPECT_EQ(reader.rest(), "");
    }
}

TEST(State, CutShortIsAnErrorAtEveryLength) {
    Memory memory;
    {
        const noa_sink sink = memory.sink();
        StateWriter writer(sink);
        writer.number(1);
        writer.text("some text");
        ASSERT_TRUE(writer.finish());
    }
    const std::string whole = memory.bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Memory cut{whole.substr(0, size), SIZE_MAX, 0, SIZE_MAX};
        const noa_source source = cut.source();
        StateReader reader(source);
        (void)reader.number();
        (void)reader.text(100);
        EXPECT_FALSE(reader.finish()) << size;
    }
}

TEST(State, ATextLongerThanAllowedIsNotAllocated) {
    Memory memory;
    memory.bytes.assign(8, '\xff'); // claims 2^64 - 1 bytes
    const noa_source source = memory.source();
    StateReader reader(source);
    EXPECT_EQ(reader.text(UINT64_MAX), "");
    EXPECT_FALSE(reader.ok());
}

TEST(State, TooLargeForTheHostIsReported) {
    Memory memory;
    memory.limit = 10;
    const noa_sink sink = memory.sink();
    StateWriter writer(sink);
    writer.text(std::string(10'000, 'x'));
    const Status finished = writer.finish();
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().status, NOA_E_TOO_LARGE);
    EXPECT_FALSE(writer.ok());
}

} // namespace
} // namespace noa::sdk
