"""The workloads as a PyTorch user would write them: `torch_peer.py WORKLOAD [STEPS]`.

`torch.nn.GRU` differs from TensorFlow's GRU in where it resets the state (after the
product with the matrix, not before); the work is the same.
"""

import sys

import data
import torch
from measure import report_training
from torch import nn
from torch.nn import functional

__all__ = ["WORKLOADS"]


def train(model, optimizer, batches, clip=None):
    """`model(*batch)`: the loss."""

    def one_step(i):
        batch = [torch.from_numpy(array) for array in batches[i % len(batches)]]
        optimizer.zero_grad()
        loss = model(*batch)
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return loss.item()

    report_training(one_step)


def start_uniform(model, scale):
    for parameter in model.parameters():
        nn.init.uniform_(parameter, -scale, scale)
    return model


class Classifier(nn.Module):
    """A recurrent layer, and a linear one on its last output."""

    def __init__(self, layer, n_input, n_classes, hidden=128):
        super().__init__()
        self.recurrent = layer(n_input, hidden, batch_first=True)
        self.output = nn.Linear(hidden, n_classes)

    def forward(self, x, y):
        outputs, _ = self.recurrent(x)
        return functional.cross_entropy(self.output(outputs[:, -1]), y)


def classify(layer, n_input, n_classes, rate, batches):
    model = start_uniform(Classifier(layer, n_input, n_classes), 0.1)
    train(model, torch.optim.Adam(model.parameters(), rate), batches)


def text_generator():
    n = data.CHARACTERS
    classify(nn.LSTM, n, n, 0.01, data.text_windows())


def mnist_rnn():
    classify(nn.LSTM, 28, 10, 0.001, data.images((128, 28, 28)))


def gru(n_steps):
    classify(nn.GRU, 28, 10, 0.001, data.images((128, n_steps, 28)))


class LanguageModel(nn.Module):
    """Two LSTM layers between an embedding and a softmax, with state kept."""

    def __init__(self, hidden, drop):
        super().__init__()
        self.embedding = nn.Embedding(data.WORDS, hidden)
        self.lstm = nn.LSTM(hidden, hidden, 2, batch_first=True, dropout=drop)
        self.drop = nn.Dropout(drop)
        self.output = nn.Linear(hidden, data.WORDS)
        self.state = None

    def forward(self, x, y):
        inputs = self.drop(self.embedding(x))
        outputs, state = self.lstm(inputs, self.state)
        self.state = [part.detach() for part in state]
        logits = self.output(self.drop(outputs)).flatten(0, 1)
        losses = functional.cross_entropy(logits, y.flatten().long(), reduction="sum")
        return losses / x.shape[0]


def ptb(n_steps, hidden, scale, drop):
    model = start_uniform(LanguageModel(hidden, drop), scale)
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    train(model, optimizer, data.words(n_steps), clip=5.0)


def ptb_small(n_steps):
    ptb(n_steps, 200, 0.1, 0.0)


def ptb_medium(n_steps):
    ptb(n_steps, 650, 0.05, 0.5)


class Translator(nn.Module):
    """A GRU that reads, and one that writes with attention to what was read."""

    def __init__(self, n=data.SYMBOLS, hidden=128):
        super().__init__()
        self.encoder_embedding = nn.Embedding(n, hidden)
        self.encoder = nn.GRU(hidden, hidden)
        self.memory = nn.Linear(hidden, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden)
        self.v = nn.Parameter(torch.empty(hidden))
        self.decoder_embedding = nn.Embedding(n, hidden)
        self.input = nn.Linear(2 * hidden, hidden)
        self.decoder = nn.GRUCell(hidden, hidden)
        self.mix = nn.Linear(2 * hidden, hidden)
        self.output = nn.Linear(hidden, n)

    def forward(self, encoder, decoder, weights):
        memory, state = self.encoder(self.encoder_embedding(encoder))
        features, h = self.memory(memory), state[0]
        context = torch.zeros_like(h)
        outputs = []
        for x in self.decoder_embedding(decoder[:-1]):
            h = self.decoder(self.input(torch.cat([x, context], 1)), h)
            scores = (self.v * torch.tanh(features + self.query(h))).sum(2)
            context = (torch.softmax(scores, 0)[:, :, None] * memory).sum(0)
            outputs.append(self.mix(torch.cat([h, context], 1)))
        logits = self.output(torch.stack(outputs))
        losses = functional.cross_entropy(
            logits.flatten(0, 1), decoder[1:].flatten().long(), reduction="none"
        )
        losses = (losses.view(weights.shape) * weights).sum(0) / weights.sum(0)
        return losses.mean()


def attention(n_steps):
    model = start_uniform(Translator(), 0.1)
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    train(model, optimizer, data.sentences(n_steps), clip=5.0)


WORKLOADS = {
    "text_generator": text_generator,
    "mnist_rnn": mnist_rnn,
    "gru": gru,
    "ptb_small": ptb_small,
    "ptb_medium": ptb_medium,
    "attention": attention,
}

if __name__ == "__main__":
    name, *numbers = sys.argv[1:]
    WORKLOADS[name](*map(int, numbers))
