#include "id.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace backup {

Id sha256(View bytes) noexcept {
    Id id;
    SHA256(bytes.data(), bytes.size(), id.bytes.data());
    return id;
}

void Sha256::Free::operator()(EVP_MD_CTX* context) const noexcept {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
}

void Sha256::update(View bytes) noexcept {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

Id Sha256::finish() noexcept {
    Id id;
    EVP_DigestFinal_ex(context_.get(), id.bytes.data(), nullptr);
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    return id;
}

} // namespace backup
