#include "recipes/other_tools.h"

#include "base/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Notes that several names share. */
#define CHUNKS                                                                                                         \
    "a batch that needs more memory than train.memory is worked through in chunks by itself, with the gradients of "   \
    "the whole"
#define WHOLE_BATCH    "train.batch_size is the whole batch; " CHUNKS
#define CACHED         "what does not fit into memory is worked through in chunks by itself"
#define FLOAT32        "weights and arithmetic are float32; train.activations: bfloat16 takes less memory"
#define CPU            "tern computes on the processor; train.threads says with how many threads"
#define LOGS           "output.dir/metrics.jsonl has a line for each step; leave it out"
#define ADAMW          "the optimizer is AdamW with betas 0.9 and 0.999 and epsilon 1e-8; leave it out"
#define BEST           "the best step by eval.metric on dev is always what is exported; leave it out"
#define NO_UPLOAD      "nothing is uploaded; output.dir/model is the folder to hand on"
#define ENCODING       "batches for scoring are chosen to fit; leave it out"
#define ADAPTERS       "adapters are not trained; train.freeze keeps parts of the model as they are"
#define FROM_MODEL     "it is the model's own; leave it out"
#define RESUMES        "the same command resumes from the newest checkpoint; leave it out"
#define NOT_THERE      "it is not among tern's losses; simcse trains on texts alone"
#define WARMUP         "below 1 it is a fraction of all steps, from 1 on a number of steps"
#define EVERY          "steps between two scores on dev; 0: after each epoch"
#define EVERY_KEY      "eval.every is the number of " EVERY
#define NEGATIVES      "further ones are the columns NAME_1, NAME_2, ..."
#define HARD_NEGATIVES "data.train.negative names the column of hard negatives; " NEGATIVES
#define AROUND         "a key of the loss inside, as in loss: {name: multiple_negatives_ranking, matryoshka: [384, 256, 128]}"

const tern_other_name tern_other_names[] = {
    /* Losses of sentence-transformers 5 and of PyTorch. */
    {"AnglELoss", "loss.name", "angle", NULL},
    {"BatchAllTripletLoss", "loss.name", "batch_all_triplet", NULL},
    {"BatchHardTripletLoss", "loss.name", "batch_hard_triplet", NULL},
    {"BatchHardSoftMarginTripletLoss", "loss.name", "batch_hard_soft_margin_triplet", NULL},
    {"BatchSemiHardTripletLoss", "loss.name", "batch_semi_hard_triplet", NULL},
    {"CachedGISTEmbedLoss", "loss.name", "guided", CACHED},
    {"CachedMultipleNegativesRankingLoss", "loss.name", "multiple_negatives_ranking", CACHED},
    {"CachedMultipleNegativesSymmetricRankingLoss", "loss.name", "multiple_negatives_ranking",
     "with symmetric: true; " CACHED},
    {"CoSENTLoss", "loss.name", "cosent", NULL},
    {"ContrastiveLoss", "loss.name", "contrastive", NULL},
    {"ContrastiveTensionLoss", NULL, NULL, NOT_THERE},
    {"ContrastiveTensionLossInBatchNegatives", NULL, NULL, NOT_THERE},
    {"CosineSimilarityLoss", "loss.name", "cosine_similarity", NULL},
    {"DenoisingAutoEncoderLoss", NULL, NULL, NOT_THERE},
    {"DistillKLDivLoss", "loss.name", "distill_kl_div", NULL},
    {"GISTEmbedLoss", "loss.name", "guided", "with guide: MODEL"},
    {"GlobalOrthogonalRegularizationLoss", "loss.name", "global_orthogonal", NULL},
    {"MSELoss", "loss.name", "embedding_mse", "with teacher: MODEL; of scores it is cosine_similarity"},
    {"MarginMSELoss", "loss.name", "margin_mse", NULL},
    {"MegaBatchMarginLoss", "loss.name", "mega_batch_margin", NULL},
    {"MultipleNegativesRankingLoss", "loss.name", "multiple_negatives_ranking", NULL},
    {"MultipleNegativesSymmetricRankingLoss", "loss.name", "multiple_negatives_ranking", "with symmetric: true"},
    {"OnlineContrastiveLoss", "loss.name", "online_contrastive", NULL},
    {"SoftmaxLoss", "loss.name", "softmax", NULL},
    {"TripletLoss", "loss.name", "triplet", NULL},
    {"MatryoshkaLoss", "loss.matryoshka", NULL, AROUND},
    {"Matryoshka2dLoss", "loss.matryoshka", NULL, "with adaptive_layer: true beside it; " AROUND},
    {"AdaptiveLayerLoss", "loss.adaptive_layer", NULL,
     "a key of the loss inside, as in loss: {name: multiple_negatives_ranking, adaptive_layer: true}"},
    {"MNRL", "loss.name", "multiple_negatives_ranking", NULL},
    {"CMNRL", "loss.name", "multiple_negatives_ranking", CACHED},
    {"MNR", "loss.name", "multiple_negatives_ranking", NULL},
    {"InBatchNegatives", "loss.name", "multiple_negatives_ranking", NULL},
    {"GIST", "loss.name", "guided", NULL},
    {"InfoNCE", "loss.name", "infonce", NULL},
    {"NTXent", "loss.name", "infonce", NULL},
    {"SimCSELoss", "loss.name", "simcse", NULL},
    {"TripletMarginLoss", "loss.name", "triplet", NULL},
    {"CosineEmbeddingLoss", "loss.name", "contrastive", NULL},
    {"CrossEntropyLoss", "loss.name", "softmax",
     "of pairs with a label; of pairs without one it is multiple_negatives_ranking"},
    {"KLDivLoss", "loss.name", "distill_kl_div", NULL},

    /* Hugging Face's TrainingArguments, and sentence-transformers' additions to it. */
    {"output_dir", "output.dir", NULL, NULL},
    {"overwrite_output_dir", NULL, NULL, "tern train --force overwrites what output.dir holds"},
    {"do_train", NULL, NULL, "tern train trains; leave it out"},
    {"do_eval", NULL, NULL, "data.dev and data.test are scored when the recipe has them; --no-eval leaves them out"},
    {"do_predict", NULL, NULL, "data.test is scored when the recipe has it"},
    {"eval_strategy", NULL, NULL, EVERY_KEY},
    {"evaluation_strategy", NULL, NULL, EVERY_KEY},
    {"eval_steps", "eval.every", NULL, EVERY},
    {"evaluation_steps", "eval.every", NULL, EVERY},
    {"eval_on_start", NULL, NULL, "the base is always scored before training; leave it out"},
    {"per_device_train_batch_size", "train.batch_size", NULL, NULL},
    {"per_gpu_train_batch_size", "train.batch_size", NULL, NULL},
    {"train_batch_size", "train.batch_size", NULL, NULL},
    {"bs", "train.batch_size", NULL, NULL},
    {"per_device_eval_batch_size", NULL, NULL, ENCODING},
    {"per_gpu_eval_batch_size", NULL, NULL, ENCODING},
    {"eval_batch_size", NULL, NULL, ENCODING},
    {"gradient_accumulation_steps", NULL, NULL, WHOLE_BATCH},
    {"gradient_checkpointing", NULL, NULL, CHUNKS},
    {"mini_batch_size", NULL, NULL, CHUNKS},
    {"lr", "train.learning_rate", NULL, NULL},
    {"max_lr", "train.learning_rate", NULL, NULL},
    {"wd", "train.weight_decay", NULL, NULL},
    {"adam_beta1", NULL, NULL, ADAMW},
    {"adam_beta2", NULL, NULL, ADAMW},
    {"adam_epsilon", NULL, NULL, ADAMW},
    {"optim", NULL, NULL, ADAMW},
    {"optim_args", NULL, NULL, ADAMW},
    {"optimizer", NULL, NULL, ADAMW},
    {"optimizer_class", NULL, NULL, ADAMW},
    {"optimizer_params", NULL, NULL, ADAMW},
    {"gradient_clip_val", "train.max_grad_norm", NULL, NULL},
    {"grad_clip", "train.max_grad_norm", NULL, NULL},
    {"clip_grad_norm", "train.max_grad_norm", NULL, NULL},
    {"max_norm", "train.max_grad_norm", NULL, NULL},
    {"num_train_epochs", "train.epochs", NULL, NULL},
    {"num_epochs", "train.epochs", NULL, NULL},
    {"n_epochs", "train.epochs", NULL, NULL},
    {"max_epochs", "train.epochs", NULL, NULL},
    {"epoch", "train.epochs", NULL, NULL},
    {"max_train_steps", "train.max_steps", NULL, NULL},
    {"num_train_steps", "train.max_steps", NULL, NULL},
    {"num_steps", "train.max_steps", NULL, NULL},
    {"total_steps", "train.max_steps", NULL, NULL},
    {"steps", "train.max_steps", NULL, NULL},
    {"steps_per_epoch", "train.max_steps", NULL, NULL},
    {"lr_scheduler_type", "train.schedule", NULL, NULL},
    {"lr_scheduler", "train.schedule", NULL, NULL},
    {"lr_schedule", "train.schedule", NULL, NULL},
    {"scheduler", "train.schedule", NULL, NULL},
    {"lr_scheduler_kwargs", NULL, NULL, "schedules have no parameters but train.warmup and train.decay"},
    {"warmup_ratio", "train.warmup", NULL, WARMUP},
    {"warmup_steps", "train.warmup", NULL, WARMUP},
    {"warmup_proportion", "train.warmup", NULL, WARMUP},
    {"num_warmup_steps", "train.warmup", NULL, WARMUP},
    {"logging_dir", NULL, NULL, LOGS},
    {"logging_steps", NULL, NULL, LOGS},
    {"logging_strategy", NULL, NULL, LOGS},
    {"logging_first_step", NULL, NULL, LOGS},
    {"log_level", NULL, NULL, "--quiet leaves out progress; warnings and errors stay"},
    {"report_to", NULL, NULL, LOGS},
    {"run_name", NULL, NULL, "the run is called by its folder, output.dir"},
    {"disable_tqdm", NULL, NULL, "--quiet leaves out progress"},
    {"show_progress_bar", NULL, NULL, "--quiet leaves out progress"},
    {"save_strategy", NULL, NULL, "output.checkpoint_every is the number of steps between two checkpoints"},
    {"save_steps", "output.checkpoint_every", NULL, NULL},
    {"checkpoint_save_steps", "output.checkpoint_every", NULL, NULL},
    {"save_total_limit", "output.keep", NULL, NULL},
    {"checkpoint_save_total_limit", "output.keep", NULL, NULL},
    {"checkpoint_path", "output.dir", NULL, NULL},
    {"save_safetensors", NULL, NULL, "models are always written as safetensors; leave it out"},
    {"save_best_model", NULL, NULL, BEST},
    {"save_only_model", NULL, NULL,
     "a run that is to resume needs its state; output.keep says how many checkpoints are kept"},
    {"load_best_model_at_end", NULL, NULL, BEST},
    {"metric_for_best_model", "eval.metric", NULL, NULL},
    {"greater_is_better", NULL, NULL, "it is known of each eval.metric; leave it out"},
    {"early_stopping_patience", "eval.patience", NULL, NULL},
    {"early_stopping_threshold", NULL, NULL,
     "any better score counts; eval.patience says how many without one end the run"},
    {"data_seed", "train.seed", NULL, NULL},
    {"random_seed", "train.seed", NULL, NULL},
    {"random_state", "train.seed", NULL, NULL},
    {"bf16", NULL, NULL, FLOAT32},
    {"fp16", NULL, NULL, FLOAT32},
    {"tf32", NULL, NULL, FLOAT32},
    {"use_amp", NULL, NULL, FLOAT32},
    {"amp", NULL, NULL, FLOAT32},
    {"half_precision", NULL, NULL, FLOAT32},
    {"mixed_precision", NULL, NULL, FLOAT32},
    {"torch_dtype", NULL, NULL, FLOAT32},
    {"dtype", NULL, NULL, FLOAT32},
    {"dataloader_num_workers", "train.threads", NULL, NULL},
    {"num_workers", "train.threads", NULL, NULL},
    {"num_threads", "train.threads", NULL, NULL},
    {"n_threads", "train.threads", NULL, NULL},
    {"dataloader_drop_last", NULL, NULL,
     "rows that fill no batch at an epoch's end come again in the next; leave it out"},
    {"dataloader_pin_memory", NULL, NULL, CPU},
    {"group_by_length", NULL, NULL, "train.bucket puts rows of like length together"},
    {"batch_sampler", NULL, NULL, "equal texts are never each other's negatives, see loss.mask; leave it out"},
    {"multi_dataset_batch_sampler", "data.mixing", NULL, NULL},
    {"label_names", NULL, NULL, "data.train.label names the column"},
    {"label_smoothing_factor", NULL, NULL, "no loss smooths its labels; leave it out"},
    {"push_to_hub", NULL, NULL, NO_UPLOAD},
    {"hub_model_id", NULL, NULL, NO_UPLOAD},
    {"hub_token", NULL, NULL, NO_UPLOAD},
    {"hub_private_repo", NULL, NULL, NO_UPLOAD},
    {"resume_from_checkpoint", NULL, NULL, RESUMES},
    {"resume", NULL, NULL, RESUMES},
    {"no_cuda", NULL, NULL, CPU},
    {"use_cpu", NULL, NULL, CPU},
    {"use_cuda", NULL, NULL, CPU},
    {"device", NULL, NULL, CPU},
    {"devices", NULL, NULL, CPU},
    {"accelerator", NULL, NULL, CPU},
    {"gpu", NULL, NULL, CPU},
    {"gpus", NULL, NULL, CPU},
    {"n_gpu", NULL, NULL, CPU},
    {"local_rank", NULL, NULL, CPU},
    {"fsdp", NULL, NULL, CPU},
    {"deepspeed", NULL, NULL, CPU},
    {"ddp_find_unused_parameters", NULL, NULL, CPU},
    {"torch_compile", NULL, NULL, CPU},
    {"remove_unused_columns", NULL, NULL, "columns that no role names are not read; leave it out"},

    /* Models, data and prompts. */
    {"model_name_or_path", "model", NULL, NULL},
    {"pretrained_model_name_or_path", "model", NULL, NULL},
    {"model_name", "model", NULL, NULL},
    {"model_path", "model", NULL, NULL},
    {"model_id", "model", NULL, NULL},
    {"base_model", "model", NULL, NULL},
    {"pretrained_model", "model", NULL, NULL},
    {"tokenizer", NULL, NULL, FROM_MODEL},
    {"tokenizer_name", NULL, NULL, FROM_MODEL},
    {"pooling", NULL, NULL, FROM_MODEL},
    {"pooling_mode", NULL, NULL, FROM_MODEL},
    {"normalize_embeddings", NULL, NULL, FROM_MODEL},
    {"trust_remote_code", NULL, NULL, "a model folder holds data alone, no code is run; leave it out"},
    {"train_file", "data.train.file", NULL, NULL},
    {"train_data", "data.train.file", NULL, NULL},
    {"train_dataset", "data.train.file", NULL, NULL},
    {"train_path", "data.train.file", NULL, NULL},
    {"training_data", "data.train.file", NULL, NULL},
    {"dataset", "data.train.file", NULL, NULL},
    {"dataset_name", "data.train.file", NULL, NULL},
    {"data_path", "data.train.file", NULL, NULL},
    {"validation_file", "data.dev.file", NULL, NULL},
    {"valid_file", "data.dev.file", NULL, NULL},
    {"dev_file", "data.dev.file", NULL, NULL},
    {"eval_file", "data.dev.file", NULL, NULL},
    {"eval_dataset", "data.dev.file", NULL, NULL},
    {"validation", "data.dev", NULL, NULL},
    {"valid", "data.dev", NULL, NULL},
    {"evaluator", NULL, NULL, "data.dev says what is scored, and eval.metric by what"},
    {"test_file", "data.test.file", NULL, NULL},
    {"test_dataset", "data.test.file", NULL, NULL},
    {"query_column", "data.train.anchor", NULL, NULL},
    {"anchor_column", "data.train.anchor", NULL, NULL},
    {"positive_column", "data.train.positive", NULL, NULL},
    {"document_column", "data.train.positive", NULL, NULL},
    {"negative_column", "data.train.negative", NULL, NEGATIVES},
    {"negatives", NULL, NULL, HARD_NEGATIVES},
    {"hard_negatives", NULL, NULL, HARD_NEGATIVES},
    {"num_hard_negatives", NULL, NULL, HARD_NEGATIVES},
    {"label_column", "data.train.label", NULL, NULL},
    {"score_column", "data.train.score", NULL, NULL},
    {"query_prompt", "prompts.query", NULL, NULL},
    {"query_prefix", "prompts.query", NULL, NULL},
    {"query_instruction", "prompts.query", NULL, NULL},
    {"query_instruction_for_retrieval", "prompts.query", NULL, NULL},
    {"instruction", "prompts.query", NULL, NULL},
    {"document_prompt", "prompts.document", NULL, NULL},
    {"document_prefix", "prompts.document", NULL, NULL},
    {"doc_prefix", "prompts.document", NULL, NULL},
    {"corpus_prompt", "prompts.document", NULL, NULL},
    {"passage_prompt", "prompts.document", NULL, NULL},
    {"passage_prefix", "prompts.document", NULL, NULL},
    {"passage", "prompts.document", NULL, NULL},
    {"max_length", "train.max_seq_length", NULL, NULL},
    {"max_len", "train.max_seq_length", NULL, NULL},
    {"max_seq_len", "train.max_seq_length", NULL, NULL},
    {"model_max_length", "train.max_seq_length", NULL, NULL},
    {"query_max_len", "train.max_seq_length", NULL, NULL},
    {"passage_max_len", "train.max_seq_length", NULL, NULL},

    /* Losses' and models' parameters. */
    {"loss_fn", "loss.name", NULL, NULL},
    {"loss_function", "loss.name", NULL, NULL},
    {"loss_type", "loss.name", NULL, NULL},
    {"train_loss", "loss.name", NULL, NULL},
    {"criterion", "loss.name", NULL, NULL},
    {"objective", "loss.name", NULL, NULL},
    {"temp", "loss.temperature", NULL, NULL},
    {"tau", "loss.temperature", NULL, NULL},
    {"triplet_margin", "loss.margin", NULL, NULL},
    {"distance_metric", "loss.distance", NULL, NULL},
    {"similarity_fct", "loss.distance", NULL, NULL},
    {"teacher_model", "loss.teacher", NULL, NULL},
    {"teacher_model_name_or_path", "loss.teacher", NULL, NULL},
    {"guide_model", "loss.guide", NULL, NULL},
    {"matryoshka_dims", "loss.matryoshka", NULL, NULL},
    {"mrl_dims", "loss.matryoshka", NULL, NULL},
    {"n_dims_per_step", "loss.matryoshka_per_step", NULL, NULL},
    {"n_layers_per_step", "loss.layers_per_step", NULL, NULL},
    {"hidden_dropout_prob", "train.dropout", NULL, NULL},
    {"attention_probs_dropout_prob", "train.dropout", NULL, NULL},
    {"dropout_rate", "train.dropout", NULL, NULL},
    {"freeze_layers", "train.freeze", NULL, NULL},
    {"freeze_embeddings", "train.freeze", NULL, NULL},
    {"layerwise_lr_decay", "train.layer_decay", NULL, NULL},
    {"llrd", "train.layer_decay", NULL, NULL},
    {"ema_decay", "train.ema", NULL, NULL},
    {"use_lora", NULL, NULL, ADAPTERS},
    {"lora_r", NULL, NULL, ADAPTERS},
    {"lora_rank", NULL, NULL, ADAPTERS},
    {"lora_alpha", NULL, NULL, ADAPTERS},
    {"peft_config", NULL, NULL, ADAPTERS},
    {"peft", NULL, NULL, ADAPTERS},
    {"num_hidden_layers", "scratch.layers", NULL, NULL},
    {"hidden_size", "scratch.width", NULL, NULL},
    {"num_attention_heads", "scratch.heads", NULL, NULL},
    {"intermediate_size", "scratch.intermediate", NULL, NULL},
    {"max_position_embeddings", "scratch.max_positions", NULL, NULL},
    {"do_lower_case", "scratch.lower_case", NULL, NULL},
    {"vocab_file", "scratch.vocab", NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

/* What stands behind the last dot: losses.TripletLoss is TripletLoss. */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? dot + 1 : name;
}

/* The name's letters and digits in lower case. A new string. */
static char *plain(const char *name)
{
    char *text = tern_strdup(last_part(name));
    size_t n = 0;
    for (const char *c = text; *c; c++)
        if (*c != '_' && *c != '-' && *c != ' ')
            text[n++] = (char)tolower((unsigned char)*c);
    text[n] = 0;
    return text;
}

/* Takes "loss" from a plain name's end unless that is all. */
static void cut_loss(char *text)
{
    size_t n = strlen(text), ending = strlen("loss");
    if (n > ending && strcmp(text + n - ending, "loss") == 0)
        text[n - ending] = 0;
}

static int equal(const char *a, const char *b, int without_loss)
{
    char *first = plain(a), *second = plain(b);
    if (without_loss) {
        cut_loss(first);
        cut_loss(second);
    }
    int same = strcmp(first, second) == 0;
    free(first);
    free(second);
    return same;
}

int tern_other_name_equal(const char *a, const char *b)
{
    return equal(a, b, 1);
}

const tern_other_name *tern_other_name_find(const char *name)
{
    if (!*last_part(name))
        return NULL;
    for (const tern_other_name *other = tern_other_names; other->theirs; other++)
        if (equal(name, other->theirs, 0))
            return other;
    for (const tern_other_name *other = tern_other_names; other->theirs; other++)
        if (strstr(other->theirs, "Loss") && equal(name, other->theirs, 1))
            return other;
    return NULL;
}

char *tern_other_name_advice(const tern_other_name *other)
{
    if (!other->key)
        return tern_strdup(other->note);
    return tern_format("tern calls it %s%s%s%s", other->value ? other->value : other->key, other->note ? " (" : "",
                       other->note ? other->note : "", other->note ? ")" : "");
}

int tern_other_value_means(const char *theirs, const char *choice)
{
    static const char *const values[][2] = {
        {"constant_with_warmup", "constant"},
        {"cosine_with_restarts", "cosine"},
        {"warmuplinear", "linear"},
        {"warmupcosine", "cosine"},
        {"wsd", "warmup_stable_decay"},
        {"bf16", "bfloat16"},
        {"fp32", "float32"},
        {"l1", "manhattan"},
        {"l2", "euclidean"},
        {"cos", "cosine"},
        {"cos_sim", "cosine"},
        {"yes", "true"},
        {"on", "true"},
        {"no", "false"},
        {"off", "false"},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (tern_other_name_equal(theirs, values[i][0]) && strcmp(choice, values[i][1]) == 0)
            return 1;
    return tern_other_name_equal(theirs, choice);
}
