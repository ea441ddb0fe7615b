// Encryption with authentication, as the format has it: IV || AES-256-CTR || Poly1305-AES.
#pragma once

#include <array>
#include <memory>

#include "bytes.hpp"

typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_mac_ctx_st EVP_MAC_CTX;

namespace backup {

inline constexpr std::size_t iv_size = 16;
inline constexpr std::size_t mac_size = 16;
inline constexpr std::size_t seal_overhead = iv_size + mac_size;

// Encrypts all of a repository. Wiped when it dies.
struct MasterKey {
    std::array<std::uint8_t, 32> encrypt{};
    std::array<std::uint8_t, 16> mac_k{}; // of AES
    std::array<std::uint8_t, 16> mac_r{}; // of Poly1305

    MasterKey() = default;
    MasterKey(const MasterKey&) = default;
    MasterKey& operator=(const MasterKey&) = default;
    ~MasterKey() {
        wipe(encrypt);
        wipe(mac_k);
        wipe(mac_r);
    }
    [[nodiscard]] static noa::sdk::Result<MasterKey> make();
};

// One key at work. Belongs to one thread at a time.
class Sealer {
public:
    [[nodiscard]] static noa::sdk::Result<Sealer> make(const MasterKey& key);

    // `buffer` holds iv_size bytes of room, then the text; encrypted in place, the MAC appended.
    [[nodiscard]] noa::sdk::Status seal(Bytes& buffer);
    // Checks all of `sealed` before it decrypts, in place; what is left is the text within it.
    [[nodiscard]] noa::sdk::Result<std::span<std::uint8_t>> open(std::span<std::uint8_t> sealed);

private:
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const noexcept;
        void operator()(EVP_MAC_CTX* context) const noexcept;
    };
    Sealer() = default;
    noa::sdk::Status crypt(const std::uint8_t* iv, std::span<std::uint8_t> text);
    noa::sdk::Status mac_of(const std::uint8_t* iv, View ciphertext, std::uint8_t* mac);

    MasterKey key_;
    std::unique_ptr<EVP_CIPHER_CTX, Free> cipher_;
    std::unique_ptr<EVP_CIPHER_CTX, Free> nonce_;
    std::unique_ptr<EVP_MAC_CTX, Free> mac_;
};

} // namespace backup
