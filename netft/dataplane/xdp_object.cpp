// make_xdp_object(): ELF-64 and BTF as far as one program and one map need them.
//
// Documentation/bpf/btf.rst of the kernel for BTF; libbpf takes the map's definition from the type
// of the variable xsks_map in section .maps: a struct whose members point to arrays, the number of
// whose elements is the value ("int (*max_entries)[64]").
#include <elf.h>
#include <linux/btf.h>

#include <array>
#include <cstring>
#include <string>

#include "netft/dataplane/xdp_program.hpp"

namespace netft::dataplane {
namespace {

using Buffer = std::vector<std::uint8_t>;

constexpr std::uint32_t kMapVariableBytes = 4 * 8;  // four pointers

template <class T>
void append(Buffer& out, const T& value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(value));
}

// Strings one after the other, the empty one first, as ELF and BTF both have them.
class Strings {
 public:
    std::uint32_t add(std::string_view text) {
        auto at = static_cast<std::uint32_t>(bytes_.size());
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        bytes_.push_back(0);
        return at;
    }
    const Buffer& bytes() const { return bytes_; }

 private:
    Buffer bytes_{0};
};

class Types {
 public:
    explicit Types(Strings& names) : names_(names) {
        integer_ = add({names_.add("int"), BTF_KIND_INT << 24, {.size = 4}});
        append(bytes_, std::uint32_t{BTF_INT_SIGNED << 24 | 32});
    }
    // int (*)[value]
    std::uint32_t number(std::uint32_t value) {
        std::uint32_t array = add({0, BTF_KIND_ARRAY << 24, {.size = 0}});
        append(bytes_, btf_array{.type = integer_, .index_type = integer_, .nelems = value});
        return add({0, BTF_KIND_PTR << 24, {.type = array}});
    }
    void map_variable() {
        const std::array members{member("type", BPF_MAP_TYPE_XSKMAP, 0), member("key_size", 4, 1),
                                 member("value_size", 4, 2),
                                 member("max_entries", kXdpQueuesMax, 3)};
        std::uint32_t map = add({0, BTF_KIND_STRUCT << 24 | members.size(), {kMapVariableBytes}});
        for (const btf_member& one : members) append(bytes_, one);
        std::uint32_t variable = add({names_.add("xsks_map"), BTF_KIND_VAR << 24, {.type = map}});
        append(bytes_, btf_var{.linkage = BTF_VAR_GLOBAL_ALLOCATED});
        add({names_.add(".maps"), BTF_KIND_DATASEC << 24 | 1, {kMapVariableBytes}});
        append(bytes_, btf_var_secinfo{.type = variable, .offset = 0, .size = kMapVariableBytes});
    }
    const Buffer& bytes() const { return bytes_; }

 private:
    std::uint32_t add(btf_type type) {
        append(bytes_, type);
        return ++count_;
    }
    btf_member member(const char* name, std::uint32_t value, std::uint32_t place) {
        std::uint32_t type = number(value);
        return {.name_off = names_.add(name), .type = type, .offset = place * 64};
    }

    Strings& names_;
    Buffer bytes_;
    std::uint32_t count_ = 0;
    std::uint32_t integer_ = 0;
};

Buffer make_btf() {
    Strings names;
    Types types(names);
    types.map_variable();
    Buffer out;
    auto length = static_cast<std::uint32_t>(types.bytes().size());
    append(out, btf_header{.magic = BTF_MAGIC,
                           .version = BTF_VERSION,
                           .flags = 0,
                           .hdr_len = sizeof(btf_header),
                           .type_off = 0,
                           .type_len = length,
                           .str_off = length,
                           .str_len = static_cast<std::uint32_t>(names.bytes().size())});
    for (const Buffer* part : {&types.bytes(), &names.bytes()})
        out.insert(out.end(), part->begin(), part->end());
    return out;
}

// The places of the sections in the file.
enum Section : std::uint16_t { none, text, relocations, maps, btf, license, symbols, strings };
constexpr std::size_t kSections = 8;

class Object {
 public:
    Object() : bytes_(sizeof(Elf64_Ehdr)) {}

    void section(Section place, const char* name, Elf64_Shdr header, const Buffer& content) {
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        header.sh_name = names_.add(name);
        header.sh_offset = bytes_.size();
        header.sh_size = content.size();
        bytes_.insert(bytes_.end(), content.begin(), content.end());
        headers_[place] = header;
    }
    std::uint32_t name(std::string_view text) { return names_.add(text); }

    Buffer finish() {
        std::uint32_t own_name = names_.add(".strtab");
        section(strings, "", {.sh_type = SHT_STRTAB, .sh_addralign = 1}, names_.bytes());
        headers_[strings].sh_name = own_name;
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        Elf64_Ehdr header{.e_type = ET_REL,
                          .e_machine = EM_BPF,
                          .e_version = EV_CURRENT,
                          .e_shoff = bytes_.size(),
                          .e_ehsize = sizeof(Elf64_Ehdr),
                          .e_shentsize = sizeof(Elf64_Shdr),
                          .e_shnum = kSections,
                          .e_shstrndx = strings};
        std::memcpy(header.e_ident, ELFMAG, SELFMAG);
        header.e_ident[EI_CLASS] = ELFCLASS64;
        header.e_ident[EI_DATA] = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
        header.e_ident[EI_VERSION] = EV_CURRENT;
        std::memcpy(bytes_.data(), &header, sizeof(header));
        for (const Elf64_Shdr& one : headers_) append(bytes_, one);
        return std::move(bytes_);
    }

 private:
    Buffer bytes_;
    Strings names_;
    std::array<Elf64_Shdr, kSections> headers_{};
};

constexpr std::uint32_t kMapSymbol = 1;

Buffer make_symbols(Object& object, std::size_t code_bytes) {
    Buffer out;
    append(out, Elf64_Sym{});
    append(out, Elf64_Sym{.st_name = object.name("xsks_map"),
                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                          .st_shndx = maps,
                          .st_size = kMapVariableBytes});
    append(out, Elf64_Sym{.st_name = object.name(kXdpProgramName),
                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                          .st_shndx = text,
                          .st_size = code_bytes});
    return out;
}

}  // namespace

std::vector<std::uint8_t> make_xdp_object(const XdpProgram& program) {
    constexpr std::uint32_t kRelocate64 = 1;  // R_BPF_64_64
    Object object;
    Buffer code;
    for (const bpf_insn& one : program.code) append(code, one);
    Buffer relocation;
    append(relocation, Elf64_Rel{.r_offset = program.map_reference * sizeof(bpf_insn),
                                 .r_info = ELF64_R_INFO(kMapSymbol, kRelocate64)});
    constexpr char kLicense[] = "BSD";
    object.section(
        text, "xdp",
        {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_addralign = 8}, code);
    object.section(relocations, ".relxdp",
                   {.sh_type = SHT_REL,
                    .sh_link = symbols,
                    .sh_info = text,
                    .sh_addralign = 8,
                    .sh_entsize = sizeof(Elf64_Rel)},
                   relocation);
    object.section(maps, ".maps",
                   {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_WRITE, .sh_addralign = 8},
                   Buffer(kMapVariableBytes));
    object.section(btf, ".BTF", {.sh_type = SHT_PROGBITS, .sh_addralign = 4}, make_btf());
    object.section(license, "license",
                   {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC | SHF_WRITE, .sh_addralign = 1},
                   Buffer(kLicense, kLicense + sizeof(kLicense)));
    object.section(symbols, ".symtab",
                   {.sh_type = SHT_SYMTAB,
                    .sh_link = strings,
                    .sh_info = 1,  // the first global one
                    .sh_addralign = 8,
                    .sh_entsize = sizeof(Elf64_Sym)},
                   make_symbols(object, code.size()));
    return object.finish();
}

}  // namespace netft::dataplane
