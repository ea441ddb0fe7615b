#include "key_file.hpp"

#include <algorithm>
#include <array>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "json_reader.hpp"

namespace backup {

namespace {

constexpr std::size_t longest_key_file = std::size_t{64} << 10U;
constexpr std::uint64_t most_scrypt_bytes = std::uint64_t{256} << 20U;
constexpr std::size_t salt_size = 64;

noa::sdk::Status check_cost(const ScryptCost& cost) {
    const bool power = cost.n > 1 && (cost.n & (cost.n - 1)) == 0;
    if (!power || cost.n > (1U << 24U) || cost.r == 0 || cost.r > 64 || cost.p == 0 ||
        cost.p > 64 || 128 * cost.n * cost.r > most_scrypt_bytes) {
        return noa::sdk::invalid("key: parameters of scrypt that are beyond bounds");
    }
    return {};
}

noa::sdk::Result<MasterKey> derive(std::string_view password, const Bytes& salt, ScryptCost cost) {
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "SCRYPT", nullptr);
    EVP_KDF_CTX* context = kdf != nullptr ? EVP_KDF_CTX_new(kdf) : nullptr;
    EVP_KDF_free(kdf);
    std::array<std::uint8_t, 64> bytes{};
    std::uint64_t most = 2 * most_scrypt_bytes;
    std::string secret(password);
    Bytes salt_copy = salt;
    const std::array parameters = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy.data(), salt_copy.size()),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost.n),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_R, &cost.r),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_P, &cost.p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
        OSSL_PARAM_construct_end()};
    const bool made = context != nullptr &&
                      EVP_KDF_derive(context, bytes.data(), bytes.size(), parameters.data()) == 1;
    EVP_KDF_CTX_free(context);
    wipe({reinterpret_cast<std::uint8_t*>(secret.data()), secret.size()});
    MasterKey key;
    std::copy_n(bytes.data(), 32, key.encrypt.begin());
    std::copy_n(bytes.data() + 32, 16, key.mac_k.begin());
    std::copy_n(bytes.data() + 48, 16, key.mac_r.begin());
    wipe(bytes);
    if (!made) {
        return noa::sdk::failed("OpenSSL: scrypt");
    }
    return key;
}

bool decode_into(JsonReader& reader, std::span<std::uint8_t> into) {
    std::string text;
    if (!reader.text(text)) {
        return false;
    }
    auto bytes = from_base64(text);
    const bool fits = bytes && bytes->size() == into.size();
    if (fits) {
        std::ranges::copy(*bytes, into.begin());
        wipe(*bytes);
    }
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return fits;
}

noa::sdk::Result<MasterKey> parse_master(std::string_view json) {
    MasterKey key;
    unsigned found = 0;
    JsonReader reader(json);
    reader.object([&](std::string_view name) {
        if (name == "encrypt") {
            ++found;
            return decode_into(reader, key.encrypt);
        }
        if (name != "mac") {
            return reader.skip();
        }
        return reader.object([&](std::string_view part) {
            if (part != "k" && part != "r") {
                return reader.skip();
            }
            ++found;
            return decode_into(reader, part == "k" ? key.mac_k : key.mac_r);
        });
    });
    if (!reader.finished() || found != 3) {
        return noa::sdk::invalid("key: what it holds is no master key");
    }
    return key;
}

} // namespace

noa::sdk::Result<KeyFile> KeyFile::parse(std::string_view json) {
    KeyFile key;
    key.cost = {.n = 0, .r = 0, .p = 0};
    std::string kdf;
    std::string salt;
    std::string data;
    JsonReader reader(json.substr(0, longest_key_file));
    reader.object([&](std::string_view name) {
        if (name == "created") {
            return reader.text(key.created);
        }
        if (name == "username") {
            return reader.text(key.username);
        }
        if (name == "hostname") {
            return reader.text(key.hostname);
        }
        if (name == "kdf") {
            return reader.text(kdf);
        }
        if (name == "N") {
            return reader.number(key.cost.n);
        }
        if (name == "r") {
            return reader.number(key.cost.r);
        }
        if (name == "p") {
            return reader.number(key.cost.p);
        }
        if (name == "salt") {
            return reader.text(salt);
        }
        return name == "data" ? reader.text(data) : reader.skip();
    });
    if (!reader.finished()) {
        return noa::sdk::invalid("key: no JSON object of a key");
    }
    if (kdf != "scrypt") {
        return noa::sdk::invalid("key: only scrypt is known");
    }
    if (noa::sdk::Status usable = check_cost(key.cost); !usable) {
        return usable.error();
    }
    auto salt_bytes = from_base64(salt);
    auto data_bytes = from_base64(data);
    if (!salt_bytes || !data_bytes || salt_bytes->empty() || data_bytes->size() < seal_overhead) {
        return noa::sdk::invalid("key: salt or data missing");
    }
    key.salt = *std::move(salt_bytes);
    key.data = *std::move(data_bytes);
    return key;
}

std::string KeyFile::json() const {
    std::string out = "{\"created\":";
    append_json_text(out, created);
    out += ",\"username\":";
    append_json_text(out, username);
    out += ",\"hostname\":";
    append_json_text(out, hostname);
    out += ",\"kdf\":\"scrypt\",\"N\":" + std::to_string(cost.n) +
           ",\"r\":" + std::to_string(cost.r) + ",\"p\":" + std::to_string(cost.p);
    out += ",\"salt\":\"" + to_base64(salt) + "\",\"data\":\"" + to_base64(data) + "\"}";
    return out;
}

noa::sdk::Result<KeyFile> KeyFile::make(std::string_view password, const MasterKey& master,
                                        const ScryptCost& cost) {
    KeyFile key;
    key.cost = cost;
    key.salt.resize(salt_size);
    if (noa::sdk::Status filled = fill_random(key.salt); !filled) {
        return filled.error();
    }
    auto of_user = derive(password, key.salt, cost);
    auto sealer = of_user ? Sealer::make(*of_user) : noa::sdk::Result<Sealer>(of_user.error());
    if (!sealer) {
        return sealer.error();
    }
    std::string text = R"({"mac":{"k":")" + to_base64(master.mac_k) + R"(","r":")" +
                       to_base64(master.mac_r) + R"("},"encrypt":")" + to_base64(master.encrypt) +
                       "\"}";
    key.data.reserve(text.size() + seal_overhead);
    key.data.resize(iv_size);
    key.data.insert(key.data.end(), text.begin(), text.end());
    wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (noa::sdk::Status sealed = sealer->seal(key.data); !sealed) {
        return sealed.error();
    }
    return key;
}

noa::sdk::Result<MasterKey> KeyFile::unlock(std::string_view password) const {
    auto of_user = derive(password, salt, cost);
    auto sealer = of_user ? Sealer::make(*of_user) : noa::sdk::Result<Sealer>(of_user.error());
    if (!sealer) {
        return sealer.error();
    }
    Bytes buffer = data;
    auto text = sealer->open(buffer);
    if (!text) {
        return noa::sdk::denied("wrong password");
    }
    auto master = parse_master(text_of(*text));
    wipe(buffer);
    return master;
}

} // namespace backup
