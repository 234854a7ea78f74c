/* What other tools call what a recipe says: keys of Hugging Face's TrainingArguments, losses of sentence-transformers,
 * parameters of scripts that people come from. They are not taken for ours, only told apart in messages.
 *
 *     const tern_other_name *other = tern_other_name_find("num_train_epochs");      // -> train.epochs
 *
 * One table, a row a name; tests/test_other_tools.c holds that what it points at exists. */
#ifndef TERN_RECIPES_OTHER_TOOLS_H
#define TERN_RECIPES_OTHER_TOOLS_H

typedef struct tern_other_name {
    const char *theirs;
    const char *key;   /* ours, such as "train.epochs"; NULL: there is none */
    const char *value; /* of the key, where the name stands for that too: "triplet" of loss.name; NULL: it doesn't */
    const char *note;  /* what is other than there, or what to do where there is no key; NULL: nothing */
} tern_other_name;

/* Ended by a row whose theirs is NULL. */
extern const tern_other_name tern_other_names[];

/* The row of a name, as people spell it: case, '_', '-' and what stands before a last dot don't matter, nor does the
 * "Loss" at a loss's end. NULL: no such name is known. */
const tern_other_name *tern_other_name_find(const char *name);
/* 1 when two names of losses are the same but for all that. */
int tern_other_name_equal(const char *a, const char *b);
/* What the row says, as a clause that follows "there is no key NAME; ": "tern calls it train.epochs". A new string. */
char *tern_other_name_advice(const tern_other_name *other);
/* 1 when a value of another tool, or the same in another case, stands for that choice: "bf16" for bfloat16, "True". */
int tern_other_value_means(const char *theirs, const char *choice);

#endif
