/* Looks through the relocations of an ELF object. */
#include "kernel/tcc_object.h"

#include <elf.h>
#include <string.h>

typedef struct object_file {
    const char *data;
    size_t size;
    Elf64_Ehdr head;
} object_file;

static bool object_section(const object_file *f, unsigned i, Elf64_Shdr *out) {
    const uint64_t at = f->head.e_shoff + (uint64_t)i * sizeof *out;
    if (i >= f->head.e_shnum || f->head.e_shoff > f->size || at + sizeof *out > f->size) return false;
    memcpy(out, f->data + at, sizeof *out);
    return out->sh_type == SHT_NOBITS || (out->sh_offset <= f->size && out->sh_size <= f->size - out->sh_offset);
}

static bool object_relocations_are_sound(const object_file *f, const Elf64_Shdr *section) {
    Elf64_Shdr symbols;
    if (!object_section(f, section->sh_link, &symbols) || symbols.sh_type != SHT_SYMTAB) return false;
    for (uint64_t at = 0; at + sizeof(Elf64_Rela) <= section->sh_size; at += sizeof(Elf64_Rela)) {
        Elf64_Rela relocation;
        Elf64_Sym symbol;
        memcpy(&relocation, f->data + section->sh_offset + at, sizeof relocation);
        if (ELF64_R_TYPE(relocation.r_info) != R_X86_64_PC32) continue;
        const uint64_t place = ELF64_R_SYM(relocation.r_info) * sizeof symbol;
        if (place + sizeof symbol > symbols.sh_size) return false;
        memcpy(&symbol, f->data + symbols.sh_offset + place, sizeof symbol);
        if (symbol.st_shndx == SHN_UNDEF) return false;
    }
    return true;
}

bool tcc_object_is_sound(const void *data, size_t size) {
    object_file f = {.data = data, .size = size};
    if (size < sizeof f.head) return false;
    memcpy(&f.head, data, sizeof f.head);
    if (memcmp(f.head.e_ident, ELFMAG, SELFMAG) != 0) return false;
    if (f.head.e_machine != EM_X86_64) return true; /* other processors have other compilers' faults */
    if (f.head.e_ident[EI_CLASS] != ELFCLASS64 || f.head.e_shentsize != sizeof(Elf64_Shdr)) return false;
    for (unsigned i = 0; i < f.head.e_shnum; i++) {
        Elf64_Shdr section;
        if (!object_section(&f, i, &section)) return false;
        if (section.sh_type == SHT_RELA && !object_relocations_are_sound(&f, &section)) return false;
    }
    return true;
}
