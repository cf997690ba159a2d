// netft-key: makes a node's key pair and shows its public key. Man page: netft-key(1).
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "netft/control/identity.hpp"

namespace {

using namespace netft;
using namespace netft::control;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

int complain(const std::string& what) {
    std::fprintf(stderr, "netft-key: %s\n", what.c_str());
    return kFailed;
}

// A key that was not written is a key lost: a full disk behind stdout must show.
int print(std::FILE* stream, const std::string& line) {
    bool ok = std::fprintf(stream, "%s\n", line.c_str()) >= 0 && std::fflush(stream) == 0;
    return ok ? 0 : complain("output: cannot write");
}

// With a file: private key there, public key on stdout. Without: private on stdout, public on
// stderr, so that `netft-key generate > FILE` does what it looks like.
int generate(const std::string& file) {
    auto key = PrivateKey::generate();
    if (!key) return complain(key.error().what);
    auto public_key = public_of(*key);
    if (!public_key) return complain(public_key.error().what);
    if (!file.empty()) {
        if (auto saved = save_private_key(file, *key); !saved) return complain(saved.error().what);
        return print(stdout, to_text(*public_key));
    }
    std::string secret = key->to_text();
    int result = print(stdout, secret);
    wipe(secret);
    return result != 0 ? result : print(stderr, to_text(*public_key));
}

int show_public(const std::string& file) {
    auto key = load_private_key(file);
    if (!key) return complain(key.error().what);
    auto public_key = public_of(*key);
    if (!public_key) return complain(public_key.error().what);
    return print(stdout, to_text(*public_key));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Makes a node's key pair and shows its public key.", "netft-key");
    app.set_version_flag("--version", "netft-key " NETFT_VERSION);
    app.require_subcommand(1);

    std::string out_file;
    auto* generate_command = app.add_subcommand("generate", "Make a new key pair");
    generate_command->add_option("-o,--output", out_file,
                                 "Write the private key to this new file (mode 0600) and print the "
                                 "public key; else private to stdout, public to stderr");
    std::string in_file;
    auto* public_command = app.add_subcommand("public", "Print the public key of a private key");
    public_command->add_option("FILE", in_file, "File with the private key")->required();

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
        std::fprintf(stderr, "netft-key: usage: %s (see netft-key --help)\n", error.what());
        return kUsage;
    }
    if (generate_command->count("--output") > 0 && out_file.empty()) {
        std::fprintf(stderr, "netft-key: usage: -o: an empty file name (see netft-key --help)\n");
        return kUsage;
    }
    return generate_command->parsed() ? generate(out_file) : show_public(in_file);
}
