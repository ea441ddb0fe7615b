// Structs of other minors than this host's: longer ones are taken, shorter ones are not.
#include <array>
#include <cstddef>

#include "bus/hand_out.hpp"
#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

// As a later minor may have them: what this host knows, and a member that it does not.
struct LaterOutgoing {
    noa_outgoing known{};
    std::uint64_t younger = 0x5a5a5a5a5a5a5a5a;
};
struct LaterReceipt {
    noa_receipt known{};
    std::uint64_t younger = 0x5a5a5a5a5a5a5a5a;
};

class GrowthTest : public BusTest {
protected:
    void SetUp() override {
        sender_.start();
        worker_.start();
    }
    static noa_receipt receipt_of(std::size_t size) {
        noa_receipt receipt{};
        receipt.struct_size = static_cast<std::uint32_t>(size);
        return receipt;
    }
    Agent sender_{*bus_, "sender"};
    Agent worker_{*bus_, "worker"};
};

TEST_F(GrowthTest, a_longer_message_is_taken_and_a_longer_receipt_says_how_much_was_filled) {
    std::array<LaterOutgoing, 2> messages;
    for (auto& message : messages) {
        message.known = outgoing("worker", "op", "body");
        message.known.struct_size = sizeof message;
    }
    LaterReceipt receipt;
    receipt.known.struct_size = sizeof receipt;
    EXPECT_EQ(sender_.lane().send(messages[0].known, &receipt.known), NOA_OK);
    EXPECT_EQ(receipt.known.struct_size, sizeof(noa_receipt));
    EXPECT_EQ(receipt.known.accepted, 1U);
    EXPECT_EQ(receipt.younger, LaterReceipt().younger);
    receipt.known = receipt_of(sizeof receipt);
    EXPECT_EQ(sender_.lane().send_many(&messages[0].known, sizeof messages[0], 2, &receipt.known),
              NOA_OK);
    EXPECT_EQ(receipt.known.struct_size, sizeof(noa_receipt));
    EXPECT_EQ(receipt.known.accepted, 2U);
    EXPECT_EQ(receipt.younger, LaterReceipt().younger);
    ASSERT_TRUE(worker_.script.mail.wait_for(3));
    EXPECT_EQ(worker_.script.mail.at(2).body, "body");
}

TEST_F(GrowthTest, what_is_shorter_than_in_1_0_is_refused_and_not_written) {
    auto message = outgoing("worker", "op");
    auto receipt = receipt_of(offsetof(noa_receipt, depth));
    EXPECT_EQ(sender_.lane().send(message, &receipt), NOA_E_INVALID);
    EXPECT_EQ(sender_.lane().request(message, 1, &receipt), NOA_E_INVALID);
    EXPECT_EQ(sender_.lane().publish(message, &receipt), NOA_E_INVALID);
    EXPECT_EQ(sender_.lane().send_many(&message, sizeof message, 1, &receipt), NOA_E_INVALID);
    EXPECT_EQ(receipt.refused, 0U);
    receipt = receipt_of(sizeof receipt);
    message.struct_size = offsetof(noa_outgoing, deadline_ns);
    EXPECT_EQ(sender_.lane().send(message, &receipt), NOA_E_INVALID);
    EXPECT_EQ(receipt.refused, 1U);
    EXPECT_EQ(sender_.lane().send_many(&message, message.struct_size, 1, nullptr), NOA_E_INVALID);
    on_lane(worker_.lane(), [] {});
    EXPECT_EQ(worker_.script.mail.size(), 0U);
}

struct Grown {
    std::uint32_t struct_size = 0;
    std::uint32_t old = 0;
    std::uint64_t younger = 0;
};

TEST_F(GrowthTest, an_output_is_filled_as_far_as_there_is_room) {
    Grown room{offsetof(Grown, younger), 0, 0};
    hand_out(Grown{0, 1, 2}, room);
    EXPECT_EQ(room.struct_size, offsetof(Grown, younger));
    EXPECT_EQ(room.old, 1U);
    EXPECT_EQ(room.younger, 0U);
    room.struct_size = 1000;
    hand_out(Grown{0, 3, 4}, room);
    EXPECT_EQ(room.struct_size, sizeof room);
    EXPECT_EQ(room.younger, 4U);
}

TEST_F(GrowthTest, timers_end_with_a_detach) {
    on_lane(worker_.lane(), [&] {
        ASSERT_EQ(worker_.lane().timers().arm(1, monotonic_ns() + 1'000'000'000, 1), NOA_OK);
        worker_.lane().detach();
        EXPECT_EQ(worker_.lane().timers().count(), 0U);
    });
}

} // namespace
} // namespace noa::bus::testing
