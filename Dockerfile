# lle on a CPU, with weights; nothing is downloaded when it runs.
#   docker build -t lle .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/photos" lle enhance /photos -o /photos/out
FROM python:3.12-slim-bookworm

# opencv-python loads these two libraries when it is imported. Debian keeps one version of each, so none is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# PyTorch comes first, in a layer of its own: it is most of the image, and changes least.
# Its index for CPUs has versions such as 2.15.0+cpu, which pip prefers to 2.15.0 with CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY constraints.txt ./
RUN pip install --constraint constraints.txt --extra-index-url "$TORCH_INDEX" torch torchvision

COPY pyproject.toml README.md LICENSE ./
COPY completions completions
COPY man man
COPY lowlight_cli lowlight_cli
RUN pip install --constraint constraints.txt '.[raw,heif,detect]'

# HOME is writable for every user, so that --user works with any number.
RUN useradd --create-home --uid 1000 lle && chmod 1777 /home/lle
ENV HOME=/home/lle LLE_OFFLINE=1
USER 1000
VOLUME /photos
WORKDIR /photos
ENTRYPOINT ["lle"]
CMD ["--help"]
