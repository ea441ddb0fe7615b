#include "repository/seal.hpp"

#include <gtest/gtest.h>

#include "repository/compression.hpp"
#include "repository/key_file.hpp"

namespace backup {
namespace {

Bytes room_and(std::string_view text) {
    Bytes buffer(iv_size);
    buffer.insert(buffer.end(), text.begin(), text.end());
    return buffer;
}

TEST(Seal, opens_to_what_was_sealed_and_to_nothing_else) {
    const auto key = MasterKey::make();
    const auto other = MasterKey::make();
    ASSERT_TRUE(key && other);
    auto sealer = Sealer::make(*key);
    ASSERT_TRUE(sealer);
    Bytes sealed = room_and("some text");
    ASSERT_TRUE(sealer->seal(sealed));
    EXPECT_EQ(sealed.size(), 9 + seal_overhead);
    for (std::size_t at = 0; at < sealed.size(); ++at) { // a bit anywhere
        Bytes changed = sealed;
        changed[at] ^= 1U;
        EXPECT_FALSE(sealer->open(changed)) << at;
    }
    Bytes cut(sealed.begin(), sealed.end() - 1);
    EXPECT_FALSE(sealer->open(cut));
    Bytes copy = sealed;
    EXPECT_FALSE(Sealer::make(*other)->open(copy));
    const auto text = sealer->open(sealed);
    ASSERT_TRUE(text);
    EXPECT_EQ(text_of(*text), "some text");
}

TEST(Seal, never_uses_a_nonce_twice) {
    const auto key = MasterKey::make();
    auto sealer = Sealer::make(*key);
    Bytes one = room_and("same");
    Bytes two = room_and("same");
    ASSERT_TRUE(sealer->seal(one) && sealer->seal(two));
    EXPECT_NE(one, two);
}

// The example of appendix B in the paper on Poly1305-AES, as the MAC of a text that CTR makes of
// zeroes is not published: r, k, n and m of its second test.
TEST(Seal, is_poly1305_aes) {
    MasterKey key;
    const auto set = [](std::span<std::uint8_t> into, std::string_view hex) {
        ASSERT_TRUE(from_hex(hex, into));
    };
    set(key.mac_r, "851fc40c3467ac0be05cc20404f3f700");
    set(key.mac_k, "ec074c835580741701425b623235add6");
    Bytes sealed(iv_size + 2 + mac_size);
    set(std::span(sealed).first(16), "fb447350c4e868c52ac3275cf9d4327e");
    set(std::span(sealed).subspan(16, 2), "f3f6");
    set(std::span(sealed).last(16), "f4c633c3044fc145f84f335cb81953de");
    EXPECT_TRUE(Sealer::make(key)->open(sealed));
}

TEST(KeyFile, gives_the_master_key_for_its_password_only) {
    const auto master = MasterKey::make();
    ASSERT_TRUE(master);
    const ScryptCost cheap{.n = 1024, .r = 8, .p = 1};
    auto key = KeyFile::make("secret", *master, cheap);
    ASSERT_TRUE(key);
    const auto again = KeyFile::parse(key->json());
    ASSERT_TRUE(again) << again.error().text;
    const auto opened = again->unlock("secret");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->encrypt, master->encrypt);
    EXPECT_EQ(opened->mac_k, master->mac_k);
    EXPECT_EQ(opened->mac_r, master->mac_r);
    const auto refused = again->unlock("Secret");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, NOA_E_DENIED);
}

TEST(KeyFile, may_not_ask_for_all_of_the_memory) {
    const auto master = MasterKey::make();
    auto key = KeyFile::make("secret", *master, {.n = 1024, .r = 8, .p = 1});
    ASSERT_TRUE(key);
    for (const ScryptCost& cost :
         {ScryptCost{1U << 24U, 64, 1}, ScryptCost{1000, 8, 1}, ScryptCost{0, 8, 1},
          ScryptCost{1024, 0, 1}, ScryptCost{1024, 8, 65}, ScryptCost{UINT64_MAX, 8, 1}}) {
        key->cost = cost;
        EXPECT_FALSE(KeyFile::parse(key->json())) << cost.n << " " << cost.r << " " << cost.p;
    }
}

TEST(Compression, is_undone_to_the_size_that_was_said) {
    const Bytes text(100'000, 'a');
    Bytes packed;
    ASSERT_TRUE(Compressor().compress(text, 3, packed));
    const View body = View(packed).subspan(3);
    EXPECT_LT(body.size(), 1000U);
    EXPECT_EQ(*Decompressor().decompress(body, text.size()), text);
    EXPECT_FALSE(Decompressor().decompress(body, text.size() - 1));
    EXPECT_FALSE(Decompressor().decompress(body, text.size() + 1));
    EXPECT_EQ(*Decompressor().decompress_all(body, text.size()), text);
    EXPECT_FALSE(Decompressor().decompress_all(body, text.size() - 1)); // a bomb
    EXPECT_FALSE(Decompressor().decompress_all(body.first(body.size() - 1), text.size()));
}

TEST(Base64, is_read_strictly) {
    for (const std::string_view text : {"", "f", "fo", "foo", "foob"}) {
        EXPECT_EQ(text_of(*from_base64(to_base64(view_of(text)))), text);
    }
    for (const std::string_view text : {"Zg=", "Z===", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm=v"}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
}

} // namespace
} // namespace backup
