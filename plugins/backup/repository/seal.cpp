#include "seal.hpp"

#include <algorithm>
#include <climits>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace backup {

namespace {

noa::sdk::Error broken(const char* what) {
    return noa::sdk::failed(std::string("OpenSSL: ") + what);
}

} // namespace

noa::sdk::Result<MasterKey> MasterKey::make() {
    MasterKey key;
    for (const std::span<std::uint8_t> part :
         {std::span<std::uint8_t>(key.encrypt), std::span<std::uint8_t>(key.mac_k),
          std::span<std::uint8_t>(key.mac_r)}) {
        if (noa::sdk::Status filled = fill_random(part); !filled) {
            return filled.error();
        }
    }
    // As it is used: others that read this key do not all clamp.
    for (const std::size_t at : {3U, 7U, 11U, 15U}) {
        key.mac_r[at] &= 15U;
    }
    for (const std::size_t at : {4U, 8U, 12U}) {
        key.mac_r[at] &= 252U;
    }
    return key;
}

void Sealer::Free::operator()(EVP_CIPHER_CTX* context) const noexcept {
    EVP_CIPHER_CTX_free(context);
}
void Sealer::Free::operator()(EVP_MAC_CTX* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

noa::sdk::Result<Sealer> Sealer::make(const MasterKey& key) {
    Sealer sealer;
    sealer.key_ = key;
    sealer.cipher_.reset(EVP_CIPHER_CTX_new());
    sealer.nonce_.reset(EVP_CIPHER_CTX_new());
    EVP_MAC* poly1305 = EVP_MAC_fetch(nullptr, "POLY1305", nullptr);
    if (poly1305 != nullptr) {
        sealer.mac_.reset(EVP_MAC_CTX_new(poly1305));
        EVP_MAC_free(poly1305);
    }
    if (!sealer.cipher_ || !sealer.nonce_ || !sealer.mac_ ||
        EVP_EncryptInit_ex(sealer.cipher_.get(), EVP_aes_256_ctr(), nullptr, key.encrypt.data(),
                           nullptr) != 1 ||
        EVP_EncryptInit_ex(sealer.nonce_.get(), EVP_aes_128_ecb(), nullptr, key.mac_k.data(),
                           nullptr) != 1) {
        return broken("no AES or Poly1305");
    }
    EVP_CIPHER_CTX_set_padding(sealer.nonce_.get(), 0);
    return sealer;
}

noa::sdk::Status Sealer::crypt(const std::uint8_t* iv, std::span<std::uint8_t> text) {
    if (text.size() > INT_MAX) {
        return noa::sdk::too_large("more than 2 GiB at once");
    }
    int size = 0;
    if (EVP_EncryptInit_ex(cipher_.get(), nullptr, nullptr, nullptr, iv) != 1 ||
        EVP_EncryptUpdate(cipher_.get(), text.data(), &size, text.data(),
                          static_cast<int>(text.size())) != 1) {
        return broken("AES");
    }
    return {};
}

noa::sdk::Status Sealer::mac_of(const std::uint8_t* iv, View ciphertext, std::uint8_t* mac) {
    std::array<std::uint8_t, 32> one_time{}; // r, then AES of the nonce
    std::ranges::copy(key_.mac_r, one_time.begin());
    int size = 0;
    std::size_t done = 0;
    const bool made =
        EVP_EncryptUpdate(nonce_.get(), one_time.data() + 16, &size, iv, iv_size) == 1 &&
        EVP_MAC_init(mac_.get(), one_time.data(), one_time.size(), nullptr) == 1 &&
        EVP_MAC_update(mac_.get(), ciphertext.data(), ciphertext.size()) == 1 &&
        EVP_MAC_final(mac_.get(), mac, &done, mac_size) == 1;
    wipe(one_time);
    return made ? noa::sdk::Status() : broken("Poly1305");
}

noa::sdk::Status Sealer::seal(Bytes& buffer) {
    const std::span<std::uint8_t> iv(buffer.data(), iv_size);
    if (noa::sdk::Status filled = fill_random(iv); !filled) {
        return filled;
    }
    buffer.resize(buffer.size() + mac_size);
    std::uint8_t* begin = buffer.data();
    const std::span<std::uint8_t> text(begin + iv_size, buffer.size() - seal_overhead);
    if (noa::sdk::Status done = crypt(begin, text); !done) {
        return done;
    }
    return mac_of(begin, text, begin + iv_size + text.size());
}

noa::sdk::Result<std::span<std::uint8_t>> Sealer::open(std::span<std::uint8_t> sealed) {
    if (sealed.size() < seal_overhead) {
        return noa::sdk::invalid("too short to be encrypted");
    }
    const std::span<std::uint8_t> text = sealed.subspan(iv_size, sealed.size() - seal_overhead);
    std::array<std::uint8_t, mac_size> mac{};
    if (noa::sdk::Status done = mac_of(sealed.data(), text, mac.data()); !done) {
        return done.error();
    }
    if (CRYPTO_memcmp(mac.data(), sealed.data() + iv_size + text.size(), mac_size) != 0) {
        return noa::sdk::invalid("damaged, or of another key: its MAC is wrong");
    }
    if (noa::sdk::Status done = crypt(sealed.data(), text); !done) {
        return done.error();
    }
    return text;
}

} // namespace backup
